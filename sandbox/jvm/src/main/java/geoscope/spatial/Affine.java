package geoscope.spatial;

import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Point;

/** An affine map of space: three rows of factors for x, y, z and an offset. */
record Affine(double[] x, double[] y, double[] z) {

  /** PostGIS's a, b, d, e, xoff, yoff. */
  static Affine flat(double[] n) {
    return solid(new double[] {n[0], n[1], 0, n[2], n[3], 0, 0, 0, 1, n[4], n[5], 0});
  }

  /** PostGIS's a to i, xoff, yoff, zoff. */
  static Affine solid(double[] n) {
    return new Affine(
        new double[] {n[0], n[1], n[2], n[9]},
        new double[] {n[3], n[4], n[5], n[10]},
        new double[] {n[6], n[7], n[8], n[11]});
  }

  static Geometry translated(Geometry geometry, double byX, double byY, double byZ) {
    return solid(new double[] {1, 0, 0, 0, 1, 0, 0, 0, 1, byX, byY, byZ}).of(geometry);
  }

  static Geometry scaled(Geometry geometry, double byX, double byY, double byZ) {
    return solid(new double[] {byX, 0, 0, 0, byY, 0, 0, 0, byZ, 0, 0, 0}).of(geometry);
  }

  /** Counterclockwise, about a point. */
  static Geometry rotated(Geometry geometry, double angle, double aboutX, double aboutY) {
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    return flat(new double[] {cos, -sin, sin, cos,
        aboutX - cos * aboutX + sin * aboutY, aboutY - sin * aboutX - cos * aboutY}).of(geometry);
  }

  static Geometry rotated(Geometry geometry, double angle, Point about) {
    return about.isEmpty() ? null : rotated(geometry, angle, about.getX(), about.getY());
  }

  Geometry of(Geometry geometry) {
    Geometry copy = geometry.copy();
    copy.apply(new EachPoint() {
      @Override
      void change(CoordinateSequence points, int index) {
        double height = points.hasZ() ? points.getZ(index) : Double.NaN;
        double[] at = {points.getX(index), points.getY(index), Double.isNaN(height) ? 0 : height, 1};
        points.setOrdinate(index, 0, along(x, at));
        points.setOrdinate(index, 1, along(y, at));
        if (!Double.isNaN(height)) {
          points.setOrdinate(index, 2, along(z, at));
        }
      }
    });
    return copy;
  }

  private static double along(double[] factors, double[] at) {
    double sum = 0;
    for (int i = 0; i < at.length; i++) {
      // A factor of nothing is nothing, of infinity too.
      sum += factors[i] == 0 ? 0 : factors[i] * at[i];
    }
    return sum;
  }
}
