package geoscope.render;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.expressions.CurrentTimestampLike;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.PlanExpression;
import org.apache.spark.sql.catalyst.expressions.UserDefinedExpression;
import org.apache.spark.sql.catalyst.plans.QueryPlan;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.OneRowRelation;
import org.apache.spark.sql.catalyst.plans.logical.Range;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import scala.jdk.javaapi.CollectionConverters;

/** Whether the rows of a plan are the same as long as its files are, and which files these are. */
final class Lasting {
  private static final Set<String> CLOCKS =
      Set.of("CurrentDate", "CurrentTime", "LocalTimestamp", "CurrentBatchTimestamp");

  private final Set<String> roots = new TreeSet<>();
  private final List<String> files = new ArrayList<>();
  private String reason;

  private Lasting() {}

  /** The optimiser has put the time in the place of its functions: the resolved plan tells them. */
  static Lasting of(LogicalPlan analyzed, LogicalPlan optimized) {
    Lasting lasting = new Lasting();
    lasting.look(analyzed, false);
    lasting.look(optimized, true);
    return lasting;
  }

  /** Why the rows may differ at any time; null if they may not. */
  String reason() {
    return reason;
  }

  /** Where the plan's tables lie. */
  Set<String> roots() {
    return roots;
  }

  /** The files that Spark found there. */
  List<String> files() {
    return files;
  }

  private void look(QueryPlan<?> plan, boolean leaves) {
    if (leaves && plan.children().isEmpty()) {
      leaf(plan);
    }
    for (Expression expression : CollectionConverters.asJava(plan.expressions())) {
      look(expression, leaves);
    }
    for (Object child : CollectionConverters.asJava(plan.children())) {
      look((QueryPlan<?>) child, leaves);
    }
  }

  private void look(Expression expression, boolean leaves) {
    if (changes(expression)) {
      reason = expression.prettyName();
    }
    if (expression instanceof PlanExpression<?> inner) {
      look((QueryPlan<?>) inner.plan(), leaves);
    }
    for (Expression child : CollectionConverters.asJava(expression.children())) {
      look(child, leaves);
    }
  }

  private static boolean changes(Expression expression) {
    return !expression.deterministic()
        || expression instanceof UserDefinedExpression
        || expression instanceof CurrentTimestampLike
        || CLOCKS.contains(expression.getClass().getSimpleName());
  }

  private void leaf(QueryPlan<?> plan) {
    if (plan instanceof LogicalRelation relation
        && relation.relation() instanceof HadoopFsRelation onDisk) {
      CollectionConverters.asJava(onDisk.location().rootPaths())
          .forEach(root -> roots.add(local(root)));
      for (String file : onDisk.location().inputFiles()) {
        files.add(local(new Path(java.net.URI.create(file))));
      }
    } else if (!(plan instanceof LocalRelation
        || plan instanceof OneRowRelation
        || plan instanceof Range)) {
      reason = plan.nodeName();
    }
  }

  /** The path of a local file; another file's URI, which no file of this machine has for a path. */
  private static String local(Path path) {
    String scheme = path.toUri().getScheme();
    return scheme == null || scheme.equals("file") ? path.toUri().getPath() : path.toString();
  }
}
