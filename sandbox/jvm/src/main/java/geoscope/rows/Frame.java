package geoscope.rows;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.ArrowRecordBatch;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * One batch on its way: an Arrow stream of it, written from the columns' own memory.
 *
 * <p>Without a copy in the heap: rows may be large, and there it would be there three times over.
 */
final class Frame {
  private final byte[] head;
  private final ArrowRecordBatch batch;

  /** `batch` is to stay open until the frame was written. */
  Frame(Schema schema, ArrowRecordBatch batch) throws IOException {
    this.batch = batch;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    WriteChannel channel = new WriteChannel(Channels.newChannel(bytes));
    MessageSerializer.serialize(channel, schema);
    ByteBuffer message = MessageSerializer.serializeMetadata(batch);
    MessageSerializer.writeMessageBuffer(channel, message.remaining(), message);
    this.head = bytes.toByteArray();
  }

  /** Its length in bytes, then those. */
  void write(DataOutputStream stream) throws IOException {
    stream.writeInt(Math.toIntExact(head.length + batch.computeBodyLength()));
    stream.write(head);
    MessageSerializer.writeBatchBuffers(
        new WriteChannel(Channels.newChannel(stream)), batch);
  }
}
