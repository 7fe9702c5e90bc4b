package geoscope.spatial;

import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.Point;

/** Numbers about geometries. */
final class Measures {

  /** The mean radius of WGS 84, in metres. */
  private static final double EARTH_RADIUS_M = 6371008.7714150598;

  private Measures() {}

  /** The length of the lines in it; a polygon has a perimeter, not a length. */
  static double length(Geometry geometry) {
    if (geometry instanceof LineString) {
      return geometry.getLength();
    }
    double length = 0;
    if (geometry instanceof GeometryCollection) {
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        length += length(geometry.getGeometryN(i));
      }
    }
    return length;
  }

  /** Metres between two points in degrees (x = lon), on a sphere; null where one is empty. */
  static Double sphere(Point from, Point to) {
    if (from.isEmpty() || to.isEmpty()) {
      return null;
    }
    double fromLat = Math.toRadians(from.getY());
    double toLat = Math.toRadians(to.getY());
    double sinLat = Math.sin((toLat - fromLat) / 2);
    double sinLon = Math.sin(Math.toRadians(to.getX() - from.getX()) / 2);
    double half = sinLat * sinLat + Math.cos(fromLat) * Math.cos(toLat) * sinLon * sinLon;
    return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
  }
}
