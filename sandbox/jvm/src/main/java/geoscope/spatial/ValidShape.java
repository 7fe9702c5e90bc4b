package geoscope.spatial;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.Polygonal;
import org.locationtech.jts.operation.polygonize.Polygonizer;
import org.locationtech.jts.operation.union.UnaryUnionOp;

/** An invalid geometry made valid from all its lines and vertices, as PostGIS does ("linework"). */
final class ValidShape {

  private ValidShape() {}

  static Geometry of(Geometry geometry) {
    if (geometry.isEmpty() || geometry.isValid()) {
      return geometry;
    }
    if (geometry.getClass() == GeometryCollection.class) {
      List<Geometry> members = new ArrayList<>();
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        members.add(of(geometry.getGeometryN(i)));
      }
      return geometry.getFactory().createGeometryCollection(members.toArray(Geometry[]::new));
    }
    return geometry instanceof Polygonal ? ofAreas(geometry) : ofLines(geometry);
  }

  /** A line that never leaves its point is that point. */
  private static Geometry ofLines(Geometry geometry) {
    List<Geometry> members = new ArrayList<>();
    for (int i = 0; i < geometry.getNumGeometries(); i++) {
      Geometry line = geometry.getGeometryN(i);
      members.add(line.getLength() > 0
          ? line
          : geometry.getFactory().createPoint(line.getCoordinate()));
    }
    return geometry.getFactory().buildGeometry(members);
  }

  /**
   * Rings drawn one over the other: what an odd number of them covers is inside, what encloses
   * nothing stays as lines, and vertices that neither has stay as points.
   */
  private static Geometry ofAreas(Geometry geometry) {
    Geometry vertices = geometry.getFactory().createMultiPointFromCoords(geometry.getCoordinates());
    Geometry rest = noded(geometry);
    Geometry lost = vertices.difference(
        geometry.getFactory().createMultiPointFromCoords(rest.getCoordinates()));
    Geometry area = geometry.getFactory().createPolygon();
    while (!rest.isEmpty()) {
      Geometry found = enclosed(rest);
      if (found.isEmpty()) {
        break;
      }
      area = area.symDifference(found);
      rest = rest.difference(found.getBoundary());
    }
    List<Geometry> all = new ArrayList<>(List.of(area, rest, lost.difference(area)));
    all.removeIf(Geometry::isEmpty);
    return all.isEmpty() ? geometry.getFactory().createPolygon() : together(all, geometry);
  }

  private static Geometry together(List<Geometry> all, Geometry like) {
    return all.size() == 1
        ? all.get(0)
        : like.getFactory().createGeometryCollection(all.toArray(Geometry[]::new));
  }

  /** Every ring as lines that meet at their ends only. */
  private static Geometry noded(Geometry geometry) {
    List<Geometry> lines = new ArrayList<>();
    geometry.apply((org.locationtech.jts.geom.GeometryComponentFilter) component -> {
      if (component instanceof LineString ring && !ring.isEmpty()) {
        Coordinate[] points = ring.getCoordinates();
        lines.add(geometry.getFactory().createLineString(points));
      }
    });
    return UnaryUnionOp.union(lines, geometry.getFactory());
  }

  /** The faces between the lines, without those that fill a hole of another, and so on inwards. */
  @SuppressWarnings("unchecked")
  private static Geometry enclosed(Geometry lines) {
    Polygonizer polygonizer = new Polygonizer();
    polygonizer.add(lines);
    List<Polygon> faces = new ArrayList<>(polygonizer.getPolygons());
    Map<Geometry, Polygon> aroundHole = new HashMap<>();
    for (Polygon face : faces) {
      for (int i = 0; i < face.getNumInteriorRing(); i++) {
        aroundHole.put(filled(face.getInteriorRingN(i)), face);
      }
    }
    List<Geometry> kept = new ArrayList<>();
    for (Polygon face : faces) {
      int depth = 0;
      Polygon around = aroundHole.get(filled(face.getExteriorRing()));
      while (around != null) {
        depth++;
        around = aroundHole.get(filled(around.getExteriorRing()));
      }
      if (depth % 2 == 0) {
        kept.add(face);
      }
    }
    return UnaryUnionOp.union(kept, lines.getFactory());
  }

  private static Geometry filled(LinearRing ring) {
    return ring.getFactory().createPolygon(ring).norm();
  }
}
