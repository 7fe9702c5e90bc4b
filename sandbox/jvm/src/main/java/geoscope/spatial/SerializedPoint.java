package geoscope.spatial;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Points in the bytes that Sedona's GeometrySerializer writes, read without making an object. */
final class SerializedPoint {

  private static final int TYPE = 1;
  private static final int COUNT = 4;
  private static final int X = 8;
  private static final int Y = 16;
  private static final int LEAST_BYTES = 24;

  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.nativeOrder());
  private static final VarHandle DOUBLES =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.nativeOrder());

  private SerializedPoint() {}

  /** Whether it is a point, and not an empty one. */
  static boolean is(byte[] serialized) {
    return serialized.length >= LEAST_BYTES
        && (serialized[0] & 0xff) >> 4 == TYPE
        && (int) INTS.get(serialized, COUNT) == 1;
  }

  static double x(byte[] serialized) {
    return (double) DOUBLES.get(serialized, X);
  }

  static double y(byte[] serialized) {
    return (double) DOUBLES.get(serialized, Y);
  }
}
