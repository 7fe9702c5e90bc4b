package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import org.apache.sedona.sql.UDF.AbstractCatalog;
import org.apache.sedona.sql.UDF.Catalog$;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.expressions.Aggregator;
import org.locationtech.jts.geom.Geometry;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** One of Sedona's aggregates of geometries, as its {@code Catalog} (1.8.0) has it. */
final class EngineAggregate extends AbstractCatalog {

  private final String name;

  EngineAggregate(String name) {
    this.name = name;
  }

  @Override
  public Seq<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>>
      expressions() {
    List<Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>>> none =
        List.of();
    return CollectionConverters.asScala(none).toSeq();
  }

  @Override
  public Seq<Aggregator<Geometry, ?, ?>> aggregateExpressions() {
    List<Aggregator<Geometry, ?, ?>> found =
        new ArrayList<>(CollectionConverters.asJava(Catalog$.MODULE$.aggregateExpressions()));
    found.removeIf(each -> !each.getClass().getSimpleName().equals(name));
    return CollectionConverters.asScala(found).toSeq();
  }
}
