package geoscope.spatial;

import java.io.Serializable;
import java.util.Objects;
import java.util.stream.Collectors;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.json4s.JValue;
import scala.Tuple2;
import scala.collection.immutable.List;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** A predicate with a constant polygon in a Spark plan. */
abstract class InArea extends Expression implements Serializable {

  final Prepared prepared;
  private final Seq<Expression> children;

  InArea(Prepared prepared, Seq<Expression> children) {
    this.prepared = prepared;
    this.children = children;
  }

  /** What the children are called in a plan's JSON. */
  abstract String[] names();

  final Expression child(int index) {
    return children.apply(index);
  }

  @Override
  public final Seq<Expression> children() {
    return children;
  }

  @Override
  public final DataType dataType() {
    return DataTypes.BooleanType;
  }

  @Override
  public final boolean nullable() {
    return children.exists(Expression::nullable);
  }

  @Override
  public final boolean nullIntolerant() {
    return true;
  }

  @Override
  public final boolean foldable() {
    return children.forall(Expression::foldable);
  }

  @Override
  public final String toString() {
    return prepared.describe(joined(Expression::toString));
  }

  @Override
  public final String sql() {
    return prepared.describe(joined(Expression::sql));
  }

  private String joined(java.util.function.Function<Expression, String> text) {
    String all = CollectionConverters.asJava(children).stream()
        .map(text).collect(Collectors.joining(", "));
    return children.size() == 1 ? all : "ST_Point(" + all + ")";
  }

  @Override
  public final String prettyName() {
    return prepared.relation.name();
  }

  /** {@code function}, {@code area} as hex WKB, and the place of each child under its name. */
  @Override
  public final List<Tuple2<String, JValue>> jsonFields() {
    return prepared.jsonFields(names());
  }

  @Override
  public final boolean canEqual(Object other) {
    return other.getClass() == getClass();
  }

  @Override
  public final int productArity() {
    return 2;
  }

  @Override
  public final Object productElement(int index) {
    return index == 0 ? prepared : children;
  }

  @Override
  public final boolean equals(Object other) {
    return other instanceof InArea same && canEqual(other)
        && prepared.equals(same.prepared) && children.equals(same.children);
  }

  @Override
  public final int hashCode() {
    return Objects.hash(prepared, children);
  }
}
