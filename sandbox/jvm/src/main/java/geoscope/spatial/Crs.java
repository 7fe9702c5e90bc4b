package geoscope.spatial;

import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.geotools.api.referencing.FactoryException;
import org.geotools.api.referencing.operation.OperationNotFoundException;
import org.geotools.api.referencing.operation.TransformException;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.proj4j.Proj4jException;

/** A coordinate reference system as users name it; x is the longitude, whatever the authority says. */
record Crs(String name) {

  static final Crs WGS84 = new Crs("EPSG:4326");

  private static final String EPSG = "EPSG:";

  /** What most statements name, so that they need not wait for the store of all codes. */
  private static final Map<String, String> WELL_KNOWN = Map.of(
      WGS84.name, "+proj=longlat +datum=WGS84 +no_defs",
      "EPSG:3857", "+proj=merc +a=6378137 +b=6378137 +lat_ts=0 +lon_0=0 +x_0=0 +y_0=0 +k=1"
          + " +units=m +nadgrids=@null +wktext +no_defs");

  /** Zones of WGS 84 / UTM, north and south. */
  private static final Pattern UTM = Pattern.compile("EPSG:32([67])(0[1-9]|[1-5]\\d|60)");

  private static final Pattern CODE = Pattern.compile("[A-Za-z]+:\\d+");
  private static final Pattern LON_LAT = Pattern.compile("(OGC:)?CRS:?84", Pattern.CASE_INSENSITIVE);
  private static final Pattern INIT = Pattern.compile("\\+init=(\\w+:\\d+)(\\s.*)?");
  // Says what the text is, not what the system is; proj4j does not know it.
  private static final Pattern TYPE = Pattern.compile("\\+type=crs\\b");
  // WKT without axes means longitude first; what it says of them is what authorities want.
  private static final Pattern AXIS =
      Pattern.compile(",\\s*AXIS\\s*\\[[^\\]]*\\]", Pattern.CASE_INSENSITIVE);

  private static final ThreadLocal<Way> LAST = new ThreadLocal<>();

  /** The same ground in another system; null where a coordinate has no place in it. */
  static Geometry transform(Geometry geometry, String from, String to) throws TransformException {
    try {
      Geometry moved = way(from, to).of(geometry);
      return isFinite(moved) ? moved : null;
    } catch (OperationNotFoundException noWay) {
      throw new Refusal("no transformation is known from '" + from + "' to '" + to + "'");
    } catch (FactoryException unknown) {
      throw unknown(from, to);
    }
  }

  /** Nearly always that of the row before. */
  private static Way way(String from, String to) {
    Way way = LAST.get();
    if (way == null || !way.leads(from, to)) {
      try {
        way = new Way(from, to);
      } catch (Proj4jException | NumberFormatException unknown) {
        throw unknown(from, to);
      }
      LAST.set(way);
    }
    return way;
  }

  private static Refusal unknown(String from, String to) {
    return new Refusal("unknown coordinate system in ST_Transform: '" + from + "' or '" + to
        + "': write EPSG:n, PROJ text or WKT");
  }

  /** Authority codes in upper case; PROJ's and OGC's other names for a code as that code. */
  static Crs of(String text) {
    String name = text.strip();
    Matcher init = INIT.matcher(name);
    if (init.matches()) {
      name = init.group(1);
    }
    if (LON_LAT.matcher(name).matches()) {
      return WGS84;
    }
    if (CODE.matcher(name).matches()) {
      return new Crs(name.toUpperCase(Locale.ROOT));
    }
    return new Crs(name.startsWith("+")
        ? TYPE.matcher(name).replaceAll("").strip()
        : AXIS.matcher(name).replaceAll(""));
  }

  boolean isProjText() {
    return name.startsWith("+");
  }

  boolean isLonLat() {
    return equals(WGS84) || name.startsWith("+proj=longlat");
  }

  /** PROJ text of it; null for one that only GeoTools' store knows, which is slow to open. */
  String proj() {
    if (isProjText()) {
      return name;
    }
    Matcher utm = UTM.matcher(name);
    return utm.matches()
        ? "+proj=utm +datum=WGS84 +zone=" + utm.group(2) + (utm.group(1).equals("7") ? " +south" : "")
        : WELL_KNOWN.get(name);
  }

  int srid() {
    return name.startsWith(EPSG) ? Integer.parseInt(name.substring(EPSG.length())) : 0;
  }

  private static boolean isFinite(Geometry geometry) {
    for (Coordinate point : geometry.getCoordinates()) {
      if (!Double.isFinite(point.x) || !Double.isFinite(point.y)) {
        return false;
      }
    }
    return true;
  }
}
