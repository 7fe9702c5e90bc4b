package geoscope.rows;

import java.util.concurrent.TimeUnit;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.UnsafeRow;
import scala.collection.Iterator;

/**
 * The rows of the next batch: it ends when it is full, or when its first row has waited long
 * enough, so that also the rows of a slow query are seen as they come.
 */
final class Portion {
  private static final long OLD_NS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long QUICK_NS = TimeUnit.MILLISECONDS.toNanos(1);

  /** The clock costs as much as a small row: where rows come quickly, few of them look at it. */
  private static final int LONGEST_STRIDE = 128;

  private final Iterator<InternalRow> rows;
  private final long fullBytes;
  private final long rowBytes;
  private long bytes;
  private long began;
  private long looked;
  private int stride = 1;
  private int untilLook = 1;
  private boolean ended;

  Portion(Iterator<InternalRow> rows, BatchFormat format) {
    this.rows = rows;
    this.fullBytes = format.batchBytes();
    this.rowBytes = format.schema().defaultSize();
  }

  /** Whether there are rows for one portion more; waits for the first of them. */
  boolean begin() {
    if (!rows.hasNext()) {
      return false;
    }
    bytes = 0;
    ended = false;
    began = looked = System.nanoTime();
    return true;
  }

  /** Whether the portion has more. */
  boolean hasNext() {
    return !ended && rows.hasNext();
  }

  /** Its next row, good until the one after it. */
  InternalRow next() {
    InternalRow row = rows.next();
    bytes += row instanceof UnsafeRow unsafe ? unsafe.getSizeInBytes() : rowBytes;
    ended = bytes >= fullBytes;
    if (--untilLook == 0) {
      look();
    }
    return row;
  }

  private void look() {
    long now = System.nanoTime();
    ended |= now - began >= OLD_NS;
    stride = now - looked < QUICK_NS ? Math.min(2 * stride, LONGEST_STRIDE) : 1;
    untilLook = stride;
    looked = now;
  }
}
