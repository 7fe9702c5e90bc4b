package geoscope.rows;

import java.io.IOException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.spark.sql.execution.arrow.ArrowWriter;
import org.apache.spark.sql.execution.arrow.ArrowWriter$;
import org.apache.spark.sql.util.ArrowUtils$;

/** The columns of the batch that a task is at; the same memory is filled again and again. */
final class Columns implements AutoCloseable {
  private final BufferAllocator allocator;
  private final VectorSchemaRoot root;
  private final ArrowWriter writer;
  private final VectorUnloader unloader;

  Columns(BatchFormat format) {
    allocator = ArrowUtils$.MODULE$.rootAllocator().newChildAllocator("rows", 0, Long.MAX_VALUE);
    root =
        VectorSchemaRoot.create(
            ArrowUtils$.MODULE$.toArrowSchema(format.schema(), format.zone(), false, false),
            allocator);
    writer = ArrowWriter$.MODULE$.create(root);
    unloader = new VectorUnloader(root);
  }

  /** Send the rows of a portion; false: nobody reads any more. */
  boolean send(Portion rows, int partition, Outlet outlet)
      throws IOException, InterruptedException {
    while (rows.hasNext()) {
      writer.write(rows.next());
    }
    writer.finish();
    try (ArrowRecordBatch batch = unloader.getRecordBatch()) {
      return outlet.send(partition, new Frame(root.getSchema(), batch));
    } finally {
      writer.reset();
    }
  }

  @Override
  public void close() {
    root.close();
    allocator.close();
  }
}
