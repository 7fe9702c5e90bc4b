package geoscope.rows;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import org.apache.spark.TaskContext;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.collection.Iterator;
import scala.runtime.AbstractFunction1;

/** What each task does: its rows as batches, each sent as soon as it is full or old. */
final class PushTask extends AbstractFunction1<Iterator<InternalRow>, Object>
    implements Serializable {
  private static final long serialVersionUID = 1L;

  private final long outlet;
  private final BatchFormat format;

  PushTask(long outlet, BatchFormat format) {
    this.outlet = outlet;
    this.format = format;
  }

  @Override
  public Object apply(Iterator<InternalRow> rows) {
    Outlet to = Outlet.of(outlet);
    try {
      if (to != null) {
        push(rows, to, TaskContext.get());
      }
    } catch (InterruptedException error) {
      // Spark has asked the task to end, and knows why.
      Thread.currentThread().interrupt();
      TaskContext.get().killTaskIfInterrupted();
    }
    return null;
  }

  private void push(Iterator<InternalRow> rows, Outlet to, TaskContext task)
      throws InterruptedException {
    Portion portion = new Portion(rows, format);
    try (Columns columns = new Columns(format)) {
      while (portion.begin()) {
        task.killTaskIfInterrupted();
        if (!columns.send(portion, task.partitionId(), to)) {
          return;
        }
      }
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    to.end(task.partitionId());
  }
}
