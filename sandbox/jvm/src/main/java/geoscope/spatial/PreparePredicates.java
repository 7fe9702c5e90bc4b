package geoscope.spatial;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.sedona.common.geometrySerde.GeometrySerializer;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.sedona_sql.UDT.GeometryUDT;
import org.apache.spark.sql.sedona_sql.expressions.ST_Contains;
import org.apache.spark.sql.sedona_sql.expressions.ST_CoveredBy;
import org.apache.spark.sql.sedona_sql.expressions.ST_Covers;
import org.apache.spark.sql.sedona_sql.expressions.ST_Disjoint;
import org.apache.spark.sql.sedona_sql.expressions.ST_Intersects;
import org.apache.spark.sql.sedona_sql.expressions.ST_Point;
import org.apache.spark.sql.sedona_sql.expressions.ST_Predicate;
import org.apache.spark.sql.sedona_sql.expressions.ST_Touches;
import org.apache.spark.sql.sedona_sql.expressions.ST_Within;
import org.locationtech.jts.geom.Envelope;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygonal;
import org.locationtech.jts.io.WKBWriter;
import scala.PartialFunction;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractPartialFunction;

/** Predicates with a constant polygon, once constants are folded, become prepared ones. */
public final class PreparePredicates extends Rule<LogicalPlan> {

  /** Which side the area stands on: the right, the left, or either. */
  private enum Side {
    LEFT,
    RIGHT,
    EITHER
  }

  private record Form(Prepared.Relation relation, Side areaIs) implements Serializable {}

  private static final Map<Class<?>, Form> FORMS = Map.of(
      ST_Within.class, new Form(Prepared.Relation.ST_Within, Side.RIGHT),
      ST_CoveredBy.class, new Form(Prepared.Relation.ST_CoveredBy, Side.RIGHT),
      ST_Contains.class, new Form(Prepared.Relation.ST_Contains, Side.LEFT),
      ST_Covers.class, new Form(Prepared.Relation.ST_Covers, Side.LEFT),
      ST_Intersects.class, new Form(Prepared.Relation.ST_Intersects, Side.EITHER),
      ST_Touches.class, new Form(Prepared.Relation.ST_Touches, Side.EITHER),
      ST_Disjoint.class, new Form(Prepared.Relation.ST_Disjoint, Side.EITHER));

  private static final PartialFunction<Expression, Expression> EACH = new Each();

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return (LogicalPlan) plan.transformAllExpressions(EACH);
  }

  private static final class Each extends AbstractPartialFunction<Expression, Expression> {
    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof ST_Predicate && FORMS.containsKey(expression.getClass());
    }

    @Override
    public <A extends Expression, B> B applyOrElse(A expression, scala.Function1<A, B> otherwise) {
      Expression prepared = isDefinedAt(expression) ? prepared(expression) : null;
      @SuppressWarnings("unchecked")
      B result = prepared == null ? otherwise.apply(expression) : (B) prepared;
      return result;
    }
  }

  /** The prepared form; null where it has none. */
  private static Expression prepared(Expression predicate) {
    Form form = FORMS.get(predicate.getClass());
    Expression left = predicate.children().apply(0);
    Expression right = predicate.children().apply(1);
    String area = form.areaIs == Side.LEFT ? null : area(right);
    if (area != null) {
      return prepared(new Prepared(form.relation, area), left);
    }
    area = form.areaIs == Side.RIGHT ? null : area(left);
    return area == null ? null : prepared(new Prepared(form.relation, area), right);
  }

  private static Expression prepared(Prepared prepared, Expression geometry) {
    if (geometry instanceof ST_Point) {
      return new PointInArea(prepared, geometry.children());
    }
    return new GeometryInArea(
        prepared, CollectionConverters.asScala(List.of(geometry)).toSeq());
  }

  /** Hex WKB of a constant that is a polygon of finite size; null for anything else. */
  private static String area(Expression expression) {
    if (!(expression instanceof Literal literal)
        || !(literal.dataType() instanceof GeometryUDT)
        || !(literal.value() instanceof byte[] bytes)) {
      return null;
    }
    Geometry geometry = GeometrySerializer.deserialize(bytes);
    Envelope box = geometry.getEnvelopeInternal();
    boolean usable = geometry instanceof Polygonal && !geometry.isEmpty()
        && Double.isFinite(box.getArea());
    return usable ? WKBWriter.toHex(new WKBWriter().write(geometry)) : null;
  }
}
