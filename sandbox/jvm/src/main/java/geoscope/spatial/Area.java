package geoscope.spatial;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Location;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.io.ParseException;
import org.locationtech.jts.io.WKBReader;

/** A polygon or multipolygon that is asked where points lie, very often. */
abstract class Area {

  /** Tasks of one query, and a map that is panned, ask about the same few polygons. */
  private static final Cache<String, Area> KNOWN =
      CacheBuilder.newBuilder().maximumSize(64).softValues().build();

  final Geometry geometry;

  private Area(Geometry geometry) {
    this.geometry = geometry;
  }

  /** {@link Location} of a point, as JTS has it; one that is not finite lies outside. */
  abstract int locate(double x, double y);

  /** The area of a polygon as hex WKB. */
  static Area of(String wkb) {
    // Two at once may both make it: the same, and better than that one waits.
    Area known = KNOWN.getIfPresent(wkb);
    if (known == null) {
      try {
        known = of(new WKBReader().read(WKBReader.hexToBytes(wkb)));
      } catch (ParseException broken) {
        throw new IllegalArgumentException(broken);
      }
      KNOWN.put(wkb, known);
    }
    return known;
  }

  static Area of(Geometry geometry) {
    boolean oneRing = geometry.getNumGeometries() == 1
        && ((Polygon) geometry.getGeometryN(0)).getNumInteriorRing() == 0;
    return oneRing || geometry.isValid() ? new Whole(geometry) : new Ringwise(geometry);
  }

  /** All rings in one grid: inside is where a ray crosses an odd number of edges. */
  private static final class Whole extends Area {
    private final EdgeGrid grid;

    Whole(Geometry geometry) {
      super(geometry);
      List<LinearRing> rings = new ArrayList<>();
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        rings.addAll(ringsOf((Polygon) geometry.getGeometryN(i)));
      }
      grid = new EdgeGrid(edgesOf(rings));
    }

    @Override
    int locate(double x, double y) {
      return grid.locate(x, y);
    }
  }

  /** Rings that overlap as they should not: asked one after another, as JTS does. */
  private static final class Ringwise extends Area {
    private final List<List<EdgeGrid>> polygons = new ArrayList<>();

    Ringwise(Geometry geometry) {
      super(geometry);
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        polygons.add(ringsOf((Polygon) geometry.getGeometryN(i)).stream()
            .map(ring -> new EdgeGrid(edgesOf(List.of(ring)))).toList());
      }
    }

    @Override
    int locate(double x, double y) {
      for (List<EdgeGrid> rings : polygons) {
        int place = locate(rings, x, y);
        if (place != Location.EXTERIOR) {
          return place;
        }
      }
      return Location.EXTERIOR;
    }

    private static int locate(List<EdgeGrid> rings, double x, double y) {
      int place = rings.isEmpty() ? Location.EXTERIOR : rings.get(0).locate(x, y);
      if (place != Location.INTERIOR) {
        return place;
      }
      for (EdgeGrid hole : rings.subList(1, rings.size())) {
        int inHole = hole.locate(x, y);
        if (inHole != Location.EXTERIOR) {
          return inHole == Location.BOUNDARY ? Location.BOUNDARY : Location.EXTERIOR;
        }
      }
      return Location.INTERIOR;
    }
  }

  private static List<LinearRing> ringsOf(Polygon polygon) {
    List<LinearRing> rings = new ArrayList<>();
    if (!polygon.isEmpty()) {
      rings.add(polygon.getExteriorRing());
    }
    for (int i = 0; i < polygon.getNumInteriorRing(); i++) {
      rings.add(polygon.getInteriorRingN(i));
    }
    return rings;
  }

  /** As RayCrossingCounter goes over a ring: each edge from its later vertex to its earlier. */
  private static double[] edgesOf(List<LinearRing> rings) {
    int count = rings.stream().mapToInt(ring -> Math.max(0, ring.getNumPoints() - 1)).sum();
    double[] edges = new double[4 * count];
    int next = 0;
    for (LinearRing ring : rings) {
      CoordinateSequence points = ring.getCoordinateSequence();
      for (int i = 1; i < points.size(); i++) {
        edges[next++] = points.getX(i);
        edges[next++] = points.getY(i);
        edges[next++] = points.getX(i - 1);
        edges[next++] = points.getY(i - 1);
      }
    }
    return edges;
  }
}
