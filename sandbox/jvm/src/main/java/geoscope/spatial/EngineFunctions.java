package geoscope.spatial;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.sedona.sql.UDF.AbstractCatalog;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.expressions.Aggregator;
import org.locationtech.jts.geom.Geometry;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.reflect.ClassTag$;

/**
 * Sedona's functions of one row, as its {@code Catalog} (1.8.0) has them, without that object: it
 * makes its aggregates, too, which start Scala's reflection: half a second of every scope's start.
 * The list is taken from it when this is compiled ({@link EngineFunctionList}).
 */
final class EngineFunctions extends AbstractCatalog {

  static final String LIST = "engine-functions";

  @Override
  public Seq<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>>
      expressions() {
    List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>> all =
        new ArrayList<>();
    list().lines().forEach(line -> all.add(described(line.split("\t"))));
    return CollectionConverters.asScala(all).toSeq();
  }

  /** None: {@link Engine} has them when they are first used. */
  @Override
  public Seq<Aggregator<Geometry, ?, ?>> aggregateExpressions() {
    List<Aggregator<Geometry, ?, ?>> none = List.of();
    return CollectionConverters.asScala(none).toSeq();
  }

  private Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>
      described(String[] line) {
    List<Object> defaults = new ArrayList<>();
    for (int i = 1; i < line.length; i++) {
      defaults.add(read(line[i]));
    }
    try {
      @SuppressWarnings("unchecked")
      Class<Expression> made = (Class<Expression>) Class.forName(line[0]);
      return function(CollectionConverters.asScala(defaults).toSeq(),
          ClassTag$.MODULE$.apply(made));
    } catch (ClassNotFoundException error) {
      throw new IllegalStateException("Sedona has no " + line[0], error);
    }
  }

  /** A default value as the list has it: one letter of its kind, then its text. */
  static String written(Object value) {
    return value == null ? "n" : value.getClass().getSimpleName().charAt(0) + value.toString();
  }

  private static Object read(String written) {
    String text = written.substring(1);
    return switch (written.charAt(0)) {
      case 'n' -> null;
      case 'B' -> Boolean.valueOf(text);
      case 'D' -> Double.valueOf(text);
      case 'I' -> Integer.valueOf(text);
      case 'S' -> text;
      default -> throw new IllegalStateException("a default value of no known kind: " + written);
    };
  }

  private static String list() {
    try (InputStream stream = EngineFunctions.class.getResourceAsStream(LIST)) {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
