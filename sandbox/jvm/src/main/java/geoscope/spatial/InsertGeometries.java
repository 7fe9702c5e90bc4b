package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.InsertIntoStatement;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.sedona_sql.UDT.GeometryUDT;
import org.apache.spark.sql.types.StringType;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Geometries go into tables as they are, WKT for them is read.
 *
 * <p>Spark casts what a query gives to what the table has unless type, name and metadata agree; a
 * cast to a user-defined type it then refuses.
 */
final class InsertGeometries extends Rule<LogicalPlan> {

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    // An insert is the whole statement.
    return plan instanceof InsertIntoStatement insert
            && insert.table().resolved() && insert.query().resolved() && !insert.byName()
        ? fitted(insert, wanted(insert))
        : plan;
  }

  /** The table's columns in the order in which the query gives them. */
  private static List<Attribute> wanted(InsertIntoStatement insert) {
    List<Attribute> columns = CollectionConverters.asJava(insert.table().output());
    List<String> named = CollectionConverters.asJava(insert.userSpecifiedCols());
    if (named.isEmpty()) {
      return columns.stream().filter(column -> !isFixed(insert, column)).toList();
    }
    return named.stream()
        .flatMap(name -> columns.stream().filter(column -> column.name().equalsIgnoreCase(name)))
        .toList();
  }

  /** Whether {@code PARTITION (column = value)} says what goes there. */
  private static boolean isFixed(InsertIntoStatement insert, Attribute column) {
    return CollectionConverters.asJava(insert.partitionSpec()).entrySet().stream().anyMatch(
        part -> part.getValue().isDefined() && part.getKey().equalsIgnoreCase(column.name()));
  }

  private static LogicalPlan fitted(InsertIntoStatement insert, List<Attribute> wanted) {
    List<Attribute> given = CollectionConverters.asJava(insert.query().output());
    if (given.size() != wanted.size()) {
      // Spark has words for that.
      return insert;
    }
    List<NamedExpression> columns = new ArrayList<>();
    for (int i = 0; i < given.size(); i++) {
      columns.add(fit(given.get(i), wanted.get(i)));
    }
    if (columns.equals(given)) {
      return insert;
    }
    LogicalPlan query =
        new Project(CollectionConverters.asScala(columns).toSeq(), insert.query());
    return (LogicalPlan) insert.withNewChildren(seq(query));
  }

  private static NamedExpression fit(Attribute given, Attribute wanted) {
    boolean text = given.dataType() instanceof StringType;
    boolean fits = given.dataType() instanceof GeometryUDT
        && given.name().equals(wanted.name())
        && given.metadata().equals(wanted.metadata());
    if (!(wanted.dataType() instanceof GeometryUDT)
        || !(text || given.dataType() instanceof GeometryUDT) || fits) {
      return given;
    }
    Expression value = text ? new Call(Functions.FROM_TEXT, seq((Expression) given)) : given;
    return new Alias(value, wanted.name(), NamedExpression.newExprId(), seq(),
        Option.apply(wanted.metadata()), seq());
  }

  @SafeVarargs
  private static <T> Seq<T> seq(T... members) {
    return CollectionConverters.asScala(List.of(members)).toSeq();
  }
}
