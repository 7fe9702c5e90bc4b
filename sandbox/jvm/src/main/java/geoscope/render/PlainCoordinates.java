package geoscope.render;

import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.IsNull;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.sedona_sql.expressions.ST_Point;
import org.apache.spark.sql.sedona_sql.expressions.ST_X;
import org.apache.spark.sql.sedona_sql.expressions.ST_Y;
import org.apache.spark.sql.types.DataTypes;
import scala.PartialFunction;
import scala.runtime.AbstractPartialFunction;

/** ST_X(ST_Point(x, y)) is x, and ST_Y of it y: no geometry is made to be taken apart again. */
public final class PlainCoordinates extends Rule<LogicalPlan> {
  private static final PartialFunction<Expression, Expression> EACH = new Each();

  /** Let a session's optimiser have the rule, if it has not yet. */
  static synchronized void register(SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    if (!methods.extraOptimizations().exists(rule -> rule instanceof PlainCoordinates)) {
      methods.extraOptimizations_$eq(
          methods.extraOptimizations().appended(new PlainCoordinates()).toSeq());
    }
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return (LogicalPlan) plan.transformAllExpressions(EACH);
  }

  private static final class Each extends AbstractPartialFunction<Expression, Expression> {
    @Override
    public boolean isDefinedAt(Expression expression) {
      return (expression instanceof ST_X || expression instanceof ST_Y)
          && expression.children().head() instanceof ST_Point point
          && point.children().size() == 2
          && point.children().forall(child -> child.dataType() == DataTypes.DoubleType);
    }

    @Override
    public Expression apply(Expression expression) {
      Expression point = expression.children().head();
      int wanted = expression instanceof ST_X ? 0 : 1;
      Expression value = point.children().apply(wanted);
      Expression other = point.children().apply(1 - wanted);
      // A point without one of its coordinates is null.
      return other.nullable()
          ? new If(new IsNull(other), Literal.create(null, DataTypes.DoubleType), value)
          : value;
    }
  }
}
