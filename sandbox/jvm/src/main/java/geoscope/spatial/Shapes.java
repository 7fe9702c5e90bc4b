package geoscope.spatial;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.List;
import java.util.Locale;
import org.apache.sedona.common.FunctionsGeoTools;
import org.geotools.api.referencing.FactoryException;
import org.geotools.api.referencing.operation.OperationNotFoundException;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.CoordinateSequenceFilter;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.operation.union.UnaryUnionOp;

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

  /** The union of two, of any kinds, collections too. */
  static Geometry union(Geometry one, Geometry other) {
    return UnaryUnionOp.union(List.of(one, other), one.getFactory());
  }

  /** Every ordinate to so many significant digits, half away from zero. */
  static Geometry round(Geometry geometry, int digits) {
    MathContext precision = new MathContext(Math.max(1, digits), RoundingMode.HALF_UP);
    Geometry copy = geometry.copy();
    copy.apply(new EachOrdinate() {
      @Override
      double change(double value) {
        return Double.isFinite(value)
            ? BigDecimal.valueOf(value).round(precision).doubleValue()
            : value;
      }
    });
    return copy;
  }

  /** The same ground in another CRS; x is the longitude, whatever the authority says. */
  static Geometry transform(Geometry geometry, String from, String to) throws Exception {
    try {
      return FunctionsGeoTools.transform(geometry, crs(from), crs(to));
    } catch (OperationNotFoundException noWay) {
      throw new Refusal("no transformation is known from '" + from + "' to '" + to + "'");
    } catch (FactoryException unknown) {
      throw new Refusal("unknown coordinate system in ST_Transform: '" + from + "' or '" + to
          + "': write EPSG:n or WKT");
    }
  }

  /** Authority codes in any case. */
  private static String crs(String name) {
    String trimmed = name.strip();
    return trimmed.matches("[A-Za-z]+:\\d+") ? trimmed.toUpperCase(Locale.ROOT) : trimmed;
  }

  private abstract static class EachOrdinate implements CoordinateSequenceFilter {
    abstract double change(double value);

    @Override
    public void filter(CoordinateSequence points, int index) {
      for (int axis = 0; axis < points.getDimension(); axis++) {
        points.setOrdinate(index, axis, change(points.getOrdinate(index, axis)));
      }
    }

    @Override
    public boolean isDone() {
      return false;
    }

    @Override
    public boolean isGeometryChanged() {
      return true;
    }
  }
}
