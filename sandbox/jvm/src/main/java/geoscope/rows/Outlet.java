package geoscope.rows;

import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The one stream that all tasks of a job write to, in turns. Tasks find it by its number, for they
 * are sent to their threads as bytes.
 *
 * <p>The mutable state, under the lock: the stream, whether its reader is gone, and what is then
 * to be done.
 */
final class Outlet implements AutoCloseable {
  private static final int ALL = -1;
  private static final int BUFFER_BYTES = 1 << 16;
  private static final ConcurrentMap<Long, Outlet> OPEN = new ConcurrentHashMap<>();
  private static final AtomicLong LAST = new AtomicLong();

  private final long number = LAST.incrementAndGet();
  private final ReentrantLock lock = new ReentrantLock();
  private final DataOutputStream stream;
  private boolean gone;
  private Runnable whenGone = () -> {};

  private Outlet(OutputStream stream) {
    this.stream = new DataOutputStream(new BufferedOutputStream(stream, BUFFER_BYTES));
  }

  static Outlet open(OutputStream stream) {
    Outlet outlet = new Outlet(stream);
    OPEN.put(outlet.number, outlet);
    return outlet;
  }

  /** The outlet of that number; null once it is closed. */
  static Outlet of(long number) {
    return OPEN.get(number);
  }

  long number() {
    return number;
  }

  /** One batch of a partition; false: nobody reads any more. */
  boolean send(int partition, Frame frame) throws InterruptedException {
    return write(partition, frame::write);
  }

  /** A partition has no more batches. */
  void end(int partition) throws InterruptedException {
    write(partition, to -> to.writeInt(0));
  }

  /** No partition has. */
  void finish() throws InterruptedException {
    write(ALL, to -> {});
  }

  /** What to do once the reader is gone; at once where it is. */
  void whenGone(Runnable action) {
    lock.lock();
    try {
      whenGone = action;
      if (gone) {
        action.run();
      }
    } finally {
      lock.unlock();
    }
  }

  boolean isGone() {
    lock.lock();
    try {
      return gone;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    OPEN.remove(number);
  }

  private boolean write(int partition, Content content) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      if (gone) {
        return false;
      }
      stream.writeInt(partition);
      content.write(stream);
      stream.flush();
      return true;
    } catch (IOException error) {
      gone = true;
      whenGone.run();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** What follows the number of a partition. */
  private interface Content {
    void write(DataOutputStream to) throws IOException;
  }
}
