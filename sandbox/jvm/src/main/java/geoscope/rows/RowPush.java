package geoscope.rows;

import java.io.OutputStream;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkContext;
import org.apache.spark.api.python.PythonRDD$;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecution$;
import org.apache.spark.sql.execution.SparkPlan;
import scala.Option;
import scala.collection.immutable.Range$;
import scala.concurrent.Await;
import scala.concurrent.duration.Duration;
import scala.runtime.BoxedUnit;

/**
 * Sends the rows of a data frame as Arrow batches while its tasks compute them.
 *
 * <p>What Spark has for this (collectAsArrowToPython) collects a partition before it sends any of
 * it. Here a task writes each batch itself, so that no more of a partition is held than one batch,
 * and a slow reader slows the tasks down. Tasks must run in this JVM (master local[n]).
 */
public final class RowPush {
  private static final String NAME = "rows";

  private RowPush() {}

  /**
   * Begins once somebody connects; gives port, secret and server as PythonRDD does.
   *
   * <p>The stream: for each batch the number of its partition, its length in bytes (each an int of
   * four bytes, high byte first) and an Arrow stream of one batch. Length 0: that partition has
   * ended. Partition -1: all have. Without that the frame failed, and the server says why.
   */
  public static Object[] serve(
      org.apache.spark.sql.Dataset<?> frame, String zone, long batchBytes) {
    QueryExecution execution = ((Dataset<?>) frame).queryExecution();
    BatchFormat format = new BatchFormat(execution.executedPlan().schema(), zone, batchBytes);
    return PythonRDD$.MODULE$.serveToStream(
        NAME,
        (OutputStream stream) -> {
          run(execution, format, stream);
          return BoxedUnit.UNIT;
        });
  }

  private static void run(QueryExecution execution, BatchFormat format, OutputStream stream) {
    try (Outlet outlet = Outlet.open(stream)) {
      SQLExecution$.MODULE$.withNewExecutionId(
          execution,
          Option.apply(NAME),
          () -> {
            SparkPlan plan = execution.executedPlan();
            plan.resetMetrics();
            push(plan.execute(), format, outlet);
            return null;
          });
    }
  }

  private static void push(RDD<InternalRow> rows, BatchFormat format, Outlet outlet) {
    SparkContext context = rows.sparkContext();
    SimpleFutureAction<Object> job =
        context.submitJob(
            rows,
            new PushTask(outlet.number(), format),
            Range$.MODULE$.apply(0, rows.getNumPartitions()),
            (Object number, Object nothing) -> BoxedUnit.UNIT,
            () -> null);
    outlet.whenGone(job::cancel);
    try {
      Await.ready(job, Duration.Inf());
      if (!outlet.isGone()) {
        job.value().get().get();
        outlet.finish();
      }
    } catch (InterruptedException | java.util.concurrent.TimeoutException error) {
      job.cancel();
      throw new IllegalStateException("interrupted while rows were sent", error);
    }
  }
}
