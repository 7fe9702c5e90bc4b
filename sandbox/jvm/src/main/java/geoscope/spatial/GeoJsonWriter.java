package geoscope.spatial;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;

/** Geometries as GeoJSON the way PostGIS writes it: few decimals, and a name for other systems. */
final class GeoJsonWriter {

  /** PostGIS's default. */
  static final int DECIMALS = 9;

  private static final int LEAST_DECIMALS = 0;
  private static final int MOST_DECIMALS = 15;
  private static final int WGS84 = 4326;

  private final StringBuilder out = new StringBuilder();
  private final int decimals;

  private GeoJsonWriter(int decimals) {
    this.decimals = Math.max(LEAST_DECIMALS, Math.min(decimals, MOST_DECIMALS));
  }

  static String write(Geometry geometry, int decimals) {
    GeoJsonWriter writer = new GeoJsonWriter(decimals);
    int srid = geometry.getSRID();
    writer.object(geometry, srid == 0 || srid == WGS84
        ? ""
        : "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"EPSG:" + srid + "\"}},");
    return writer.out.toString();
  }

  private void object(Geometry geometry, String crs) {
    String type = geometry.getGeometryType().replace("LinearRing", "LineString");
    out.append("{\"type\":\"").append(type).append("\",").append(crs);
    if (geometry.getClass() == GeometryCollection.class) {
      out.append("\"geometries\":[");
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        out.append(i == 0 ? "" : ",");
        object(geometry.getGeometryN(i), "");
      }
      out.append(']');
    } else {
      out.append("\"coordinates\":");
      coordinates(geometry);
    }
    out.append('}');
  }

  private void coordinates(Geometry geometry) {
    if (geometry instanceof Point point) {
      if (point.isEmpty()) {
        out.append("[]");
      } else {
        position(point.getCoordinateSequence(), 0);
      }
    } else if (geometry instanceof LineString line) {
      positions(line.getCoordinateSequence());
    } else if (geometry instanceof Polygon polygon) {
      rings(polygon);
    } else {
      out.append('[');
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        out.append(i == 0 ? "" : ",");
        coordinates(geometry.getGeometryN(i));
      }
      out.append(']');
    }
  }

  private void rings(Polygon polygon) {
    out.append('[');
    if (!polygon.isEmpty()) {
      positions(polygon.getExteriorRing().getCoordinateSequence());
    }
    for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
      out.append(',');
      positions(polygon.getInteriorRingN(i).getCoordinateSequence());
    }
    out.append(']');
  }

  private void positions(CoordinateSequence points) {
    out.append('[');
    for (int i = 0; i < points.size(); i++) {
      out.append(i == 0 ? "" : ",");
      position(points, i);
    }
    out.append(']');
  }

  private void position(CoordinateSequence points, int index) {
    out.append('[').append(number(points.getX(index)));
    out.append(',').append(number(points.getY(index)));
    if (points.hasZ() && !Double.isNaN(points.getZ(index))) {
      out.append(',').append(number(points.getZ(index)));
    }
    out.append(']');
  }

  /** Throws for what JSON has no number for. */
  private String number(double value) {
    BigDecimal rounded = new BigDecimal(Double.toString(value));
    if (rounded.scale() > decimals) {
      rounded = rounded.setScale(decimals, RoundingMode.HALF_EVEN);
    }
    return rounded.signum() == 0 ? "0" : WktWriter.format(rounded.doubleValue());
  }
}
