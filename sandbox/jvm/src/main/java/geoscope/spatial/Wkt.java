package geoscope.spatial;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.PrecisionModel;
import org.locationtech.jts.io.WKTReader;

/** Text to geometry: WKT, EWKT, and curves as lines. */
final class Wkt {

  private static final Pattern SRID = Pattern.compile("(?i)\\s*SRID\\s*=\\s*(\\d+)\\s*;(.*)", Pattern.DOTALL);
  private static final Pattern CURVED = Pattern.compile("(?i)CIRCULARSTRING|CURVE|SURFACE");

  private Wkt() {}

  /** The geometry; throws for text that is none. */
  static Geometry read(String text, int srid) throws Exception {
    Matcher prefixed = SRID.matcher(text);
    if (prefixed.matches()) {
      return plain(prefixed.group(2), Integer.parseInt(prefixed.group(1)));
    }
    return plain(text, srid);
  }

  private static Geometry plain(String text, int srid) throws Exception {
    GeometryFactory make = new GeometryFactory(new PrecisionModel(), srid);
    if (CURVED.matcher(text).find()) {
      return new CurveReader(text, make).read();
    }
    return new WKTReader(make).read(text);
  }
}
