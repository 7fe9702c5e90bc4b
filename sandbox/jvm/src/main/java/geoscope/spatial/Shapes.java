package geoscope.spatial;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;

/** Geometries from geometries. */
final class Shapes {

  private Shapes() {}

  /** The smallest box, line or point around it; an empty geometry is its own. */
  static Geometry envelope(Geometry geometry) {
    return geometry.isEmpty() ? geometry : geometry.getEnvelope();
  }

  /** The outer ring of a polygon as a line; null for anything else. */
  static Geometry exteriorRing(Geometry geometry) {
    if (!(geometry instanceof Polygon polygon)) {
      return null;
    }
    return polygon.getFactory().createLineString(polygon.getExteriorRing().getCoordinateSequence());
  }

  /** Every ordinate to so many significant digits, half away from zero. */
  static Geometry round(Geometry geometry, int digits) {
    MathContext precision = new MathContext(Math.max(1, digits), RoundingMode.HALF_UP);
    Geometry copy = geometry.copy();
    copy.apply(new EachPoint() {
      @Override
      void change(CoordinateSequence points, int index) {
        for (int axis = 0; axis < points.getDimension(); axis++) {
          points.setOrdinate(index, axis, round(points.getOrdinate(index, axis), precision));
        }
      }
    });
    return copy;
  }

  private static double round(double value, MathContext precision) {
    return Double.isFinite(value)
        ? BigDecimal.valueOf(value).round(precision).doubleValue()
        : value;
  }
}
