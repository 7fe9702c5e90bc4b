package geoscope.spatial;

import com.fasterxml.jackson.core.io.schubfach.DoubleToDecimal;
import java.math.BigDecimal;
import java.util.Locale;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;

/** Geometries as text, every number the shortest that reads back to the same double. */
final class WktWriter {

  private static final double PLAIN_FROM = 1e-8;
  private static final double PLAIN_BELOW = 1e15;

  private final StringBuilder out = new StringBuilder();

  private WktWriter() {}

  static String write(Geometry geometry) {
    WktWriter writer = new WktWriter();
    writer.tagged(geometry);
    return writer.out.toString();
  }

  private void tagged(Geometry geometry) {
    String type = geometry.getGeometryType();
    // A ring is a line to everybody but JTS.
    out.append(type.equals("LinearRing") ? "LINESTRING" : type.toUpperCase(Locale.ROOT));
    out.append(' ').append(dimensions(geometry));
    body(geometry);
  }

  private void body(Geometry geometry) {
    if (geometry.isEmpty()) {
      out.append("EMPTY");
    } else if (geometry instanceof Point point) {
      points(point.getCoordinateSequence());
    } else if (geometry instanceof LineString line) {
      points(line.getCoordinateSequence());
    } else if (geometry instanceof Polygon polygon) {
      rings(polygon);
    } else {
      members((GeometryCollection) geometry);
    }
  }

  private void rings(Polygon polygon) {
    out.append('(');
    points(polygon.getExteriorRing().getCoordinateSequence());
    for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
      out.append(", ");
      points(polygon.getInteriorRingN(i).getCoordinateSequence());
    }
    out.append(')');
  }

  private void members(GeometryCollection collection) {
    boolean mixed = collection.getClass() == GeometryCollection.class;
    out.append('(');
    for (int i = 0; i < collection.getNumGeometries(); i++) {
      out.append(i == 0 ? "" : ", ");
      if (mixed) {
        tagged(collection.getGeometryN(i));
      } else {
        body(collection.getGeometryN(i));
      }
    }
    out.append(')');
  }

  private void points(CoordinateSequence points) {
    out.append('(');
    for (int i = 0; i < points.size(); i++) {
      out.append(i == 0 ? "" : ", ");
      number(points.getX(i)).append(' ');
      number(points.getY(i));
      if (points.hasZ() && !Double.isNaN(points.getZ(i))) {
        out.append(' ');
        number(points.getZ(i));
      }
      if (points.hasM() && !Double.isNaN(points.getM(i))) {
        out.append(' ');
        number(points.getM(i));
      }
    }
    out.append(')');
  }

  private StringBuilder number(double value) {
    return out.append(format(value));
  }

  /** As PostGIS: plain decimals, an exponent only for the very large and the very small. */
  static String format(double value) {
    if (Double.isNaN(value)) {
      return "NaN";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "Inf" : "-Inf";
    }
    String shortest = DoubleToDecimal.toString(value);
    double size = Math.abs(value);
    if (size == 0 || size >= PLAIN_FROM && size < PLAIN_BELOW) {
      return shortest.endsWith(".0") ? shortest.substring(0, shortest.length() - 2) : plain(shortest);
    }
    String text = shortest.replace(".0E", "E");
    return text.replace("E-", "e-").replace("E", "e+");
  }

  private static String plain(String shortest) {
    return shortest.indexOf('E') < 0
        ? shortest
        : new BigDecimal(shortest).stripTrailingZeros().toPlainString();
  }

  private static String dimensions(Geometry geometry) {
    CoordinateSequence points = first(geometry);
    if (points == null || points.size() == 0) {
      return "";
    }
    boolean z = points.hasZ() && !Double.isNaN(points.getZ(0));
    boolean m = points.hasM() && !Double.isNaN(points.getM(0));
    return z && m ? "ZM " : z ? "Z " : m ? "M " : "";
  }

  private static CoordinateSequence first(Geometry geometry) {
    if (geometry instanceof Point point) {
      return point.getCoordinateSequence();
    }
    if (geometry instanceof LineString line) {
      return line.getCoordinateSequence();
    }
    if (geometry instanceof Polygon polygon) {
      return polygon.getExteriorRing().getCoordinateSequence();
    }
    return geometry.getNumGeometries() == 0 ? null : first(geometry.getGeometryN(0));
  }
}
