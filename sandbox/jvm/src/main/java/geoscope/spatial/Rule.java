package geoscope.spatial;

import java.io.Serializable;

/**
 * One spatial function: its name, its signature and what it does.
 *
 * <p>A signature is one letter per argument, those after {@code ?} optional, and after {@code :} the
 * letter of the result (see {@link Kind}). A body gets no nulls, and may answer null; what it throws
 * becomes null too, because one row's geometry never fails a query, save a {@link Refusal}.
 */
record Rule(String name, Kind[] arguments, int required, Kind result, Body body) {

  /** From arguments, converted as the signature says, to the result. */
  @FunctionalInterface
  interface Body extends Serializable {
    Object apply(Object[] arguments) throws Exception;
  }

  static Rule of(String name, String signature, Body body) {
    String[] sides = signature.split(":");
    int optional = sides[0].indexOf('?');
    String letters = sides[0].replace("?", "");
    Kind[] arguments = letters.chars().mapToObj(letter -> Kind.of((char) letter)).toArray(Kind[]::new);
    int required = optional < 0 ? letters.length() : optional;
    return new Rule(name, arguments, required, Kind.of(sides[1].charAt(0)), body);
  }

  boolean takes(int count) {
    return required <= count && count <= arguments.length;
  }
}
