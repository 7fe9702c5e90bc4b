package geoscope.spatial;

import org.apache.sedona.common.FunctionsGeoTools;
import org.geotools.api.referencing.FactoryException;
import org.geotools.api.referencing.operation.TransformException;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.proj4j.BasicCoordinateTransform;
import org.locationtech.proj4j.CRSFactory;
import org.locationtech.proj4j.CoordinateReferenceSystem;
import org.locationtech.proj4j.ProjCoordinate;

/**
 * The way from one coordinate reference system to another, for one thread.
 *
 * <p>PROJ text and the commonest codes are proj4j's matter, all other codes and WKT are GeoTools';
 * between the two it goes by way of WGS 84.
 */
final class Way {

  private static final double POLE = 90;
  private static final double HALF = 180;
  /** Mercator has no place for the poles; what rounding makes of them is no answer. */
  private static final double NEAR_POLE = 90 - 1e-9;

  private final String from;
  private final String to;
  private final Crs source;
  private final Crs target;
  private final ProjCoordinate at = new ProjCoordinate();
  private final ProjCoordinate there = new ProjCoordinate();
  /** Null where GeoTools goes the whole way. */
  private final BasicCoordinateTransform byProj;

  /** Throws proj4j's exceptions for PROJ text that is none. */
  Way(String from, String to) {
    this.from = from;
    this.to = to;
    source = Crs.of(from);
    target = Crs.of(to);
    boolean whole = source.proj() != null && target.proj() != null;
    boolean part = source.isProjText() || target.isProjText();
    byProj = whole || part
        ? new BasicCoordinateTransform(
            named(source.proj() == null ? Crs.WGS84 : source),
            named(target.proj() == null ? Crs.WGS84 : target))
        : null;
  }

  boolean leads(String wantedFrom, String wantedTo) {
    return from.equals(wantedFrom) && to.equals(wantedTo);
  }

  private static CoordinateReferenceSystem named(Crs crs) {
    return new CRSFactory().createFromParameters(null, crs.proj());
  }

  Geometry of(Geometry geometry) throws FactoryException, TransformException {
    if (source.isLonLat()) {
      check(geometry);
    }
    if (byProj == null) {
      return FunctionsGeoTools.transform(geometry, source.name(), target.name());
    }
    Geometry moved = source.proj() == null
        ? FunctionsGeoTools.transform(geometry, source.name(), Crs.WGS84.name())
        : geometry;
    moved = projected(moved);
    return target.proj() == null
        ? FunctionsGeoTools.transform(moved, Crs.WGS84.name(), target.name())
        : moved;
  }

  private Geometry projected(Geometry geometry) {
    boolean degrees = source.proj() == null || source.isLonLat();
    Geometry moved = geometry.copy();
    moved.apply(new EachPoint() {
      @Override
      void change(CoordinateSequence points, int index) {
        double x = points.getX(index);
        at.setValue(degrees && Math.abs(x) > HALF ? wrapped(x) : x, points.getY(index));
        byProj.transform(at, there);
        points.setOrdinate(index, 0, there.x);
        points.setOrdinate(index, 1, there.y);
      }
    });
    moved.setSRID(target.srid());
    return moved;
  }

  /** A longitude within a turn; proj4j would take the nearest end. */
  private static double wrapped(double lon) {
    return lon - 2 * HALF * Math.floor((lon + HALF) / (2 * HALF));
  }

  /** GeoTools and proj4j go on beyond the poles; nothing is there. */
  private void check(Geometry geometry) {
    String there = target.proj() == null ? "" : target.proj();
    double reach = there.contains("+proj=merc") ? NEAR_POLE : POLE;
    for (Coordinate point : geometry.getCoordinates()) {
      if (!(Math.abs(point.y) <= reach && Double.isFinite(point.x))) {
        throw new IllegalArgumentException("it lies beyond a pole or nowhere");
      }
    }
  }
}
