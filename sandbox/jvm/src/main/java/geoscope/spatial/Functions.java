package geoscope.spatial;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.io.WKBReader;
import org.locationtech.jts.simplify.TopologyPreservingSimplifier;

/** The table of our functions: one more function is one more row. */
final class Functions {

  private static final int SEGMENTS_PER_QUADRANT = 30;
  private static final Map<String, Rule> RULES = new TreeMap<>();

  /** The rule that reads WKT where text stands for a geometry. */
  static final String FROM_TEXT;

  /**
   * Functions that stay the engine's own classes, because its planner makes spatial joins of them:
   * name to signature, where text for a {@code g} is read as WKT.
   */
  static final Map<String, String> ENGINE = Map.ofEntries(
      Map.entry("ST_Equals", "gg"), Map.entry("ST_Touches", "gg"),
      Map.entry("ST_Overlaps", "gg"), Map.entry("ST_Crosses", "gg"),
      Map.entry("ST_Contains", "gg"), Map.entry("ST_Intersects", "gg"),
      Map.entry("ST_Within", "gg"), Map.entry("ST_Disjoint", "gg"),
      Map.entry("ST_Covers", "gg"), Map.entry("ST_CoveredBy", "gg"),
      Map.entry("ST_Distance", "gg"), Map.entry("ST_DWithin", "ggdb"),
      Map.entry("ST_X", "g"), Map.entry("ST_Y", "g"));

  /** Aggregates over one column of geometries. */
  static final Map<String, Pile.How> AGGREGATES = Map.of(
      "ST_Union_Aggr", Pile.How.UNION, "ST_Envelope_Aggr", Pile.How.ENVELOPE);

  static {
    FROM_TEXT = add("ST_GeomFromText", "s?i:g", a -> Wkt.read(text(a, 0), srid(a, 1)));
    read();
    tell();
    measure();
    reshape();
    move();
  }

  private static void read() {
    for (String alias : List.of("ST_GeomFromWKT", "ST_GeometryFromText", "ST_PointFromText",
        "ST_PolygonFromText", "ST_LineStringFromText", "ST_LineFromText")) {
      add(alias, "s?i:g", a -> Wkt.read(text(a, 0), srid(a, 1)));
    }
    add("ST_GeomFromWKB", "x:g", a -> new WKBReader().read((byte[]) a[0]));
    add("ST_GeomFromWKB", "s:g", a -> new WKBReader().read(WKBReader.hexToBytes(text(a, 0))));
    add("ST_GeomFromGeoJSON", "s:g", a -> GeoJson.read(text(a, 0)));
    add("ST_CurveToLine", "g:g", a -> a[0]);
  }

  private static void tell() {
    add("ST_AsText", "g:s", a -> WktWriter.write(geometry(a, 0)));
    add("ST_AsBinary", "g:x", a -> org.apache.sedona.common.Functions.asWKB(geometry(a, 0)));
    add("ST_AsGeoJSON", "g:s", a -> GeoJsonWriter.write(geometry(a, 0), GeoJsonWriter.DECIMALS));
    add("ST_AsGeoJSON", "gi:s", a -> GeoJsonWriter.write(geometry(a, 0), (Integer) a[1]));
    add("ST_GeometryType", "g:s", a -> "ST_" + geometry(a, 0).getGeometryType());
    add("ST_NPoints", "g:i", a -> geometry(a, 0).getNumPoints());
    add("ST_IsValid", "g:b", a -> geometry(a, 0).isValid());
    add("ST_IsSimple", "g:b", a -> geometry(a, 0).isSimple());
    add("ST_IsEmpty", "g:b", a -> geometry(a, 0).isEmpty());
  }

  private static void measure() {
    add("ST_Area", "g:d", a -> geometry(a, 0).getArea());
    add("ST_Length", "g:d", a -> Measures.length(geometry(a, 0)));
    add("ST_DistanceSphere", "gg:d", a -> Measures.sphere((Point) a[0], (Point) a[1]));
    add("ST_HausdorffDistance", "gg:d",
        a -> org.apache.sedona.common.Functions
            .hausdorffDistance(geometry(a, 0), geometry(a, 1)));
    add("ST_HausdorffDistance", "ggd:d",
        a -> org.apache.sedona.common.Functions
            .hausdorffDistance(geometry(a, 0), geometry(a, 1), number(a, 2)));
  }

  private static void reshape() {
    add("ST_Envelope", "g:g", a -> Shapes.envelope(geometry(a, 0)));
    add("ST_Centroid", "g:g", a -> geometry(a, 0).getCentroid());
    add("ST_ConvexHull", "g:g", a -> geometry(a, 0).convexHull());
    add("ST_Boundary", "g:g", a -> geometry(a, 0).getBoundary());
    add("ST_ExteriorRing", "g:g", a -> Shapes.exteriorRing(geometry(a, 0)));
    add("ST_MakeValid", "g:g", a -> ValidShape.of(geometry(a, 0)));
    add("ST_MakeValid", "gb:g",
        a -> org.apache.sedona.common.Functions.makeValid(geometry(a, 0), (Boolean) a[1]));
    add("ST_Buffer", "gd:g", a -> geometry(a, 0).buffer(number(a, 1), SEGMENTS_PER_QUADRANT));
    add("ST_SimplifyPreserveTopology", "gd:g",
        a -> TopologyPreservingSimplifier.simplify(geometry(a, 0), number(a, 1)));
    add("ST_PrecisionReduce", "gi:g", a -> Shapes.round(geometry(a, 0), (Integer) a[1]));
    add("ST_Intersection", "gg:g", a -> Overlay.intersection(geometry(a, 0), geometry(a, 1)));
    add("ST_Union", "gg:g", a -> Overlay.union(geometry(a, 0), geometry(a, 1)));
    add("ST_Difference", "gg:g", a -> Overlay.difference(geometry(a, 0), geometry(a, 1)));
    add("ST_SymDifference", "gg:g", a -> Overlay.symDifference(geometry(a, 0), geometry(a, 1)));
  }

  private static void move() {
    add("ST_Transform", "gss:g", a -> Crs.transform(geometry(a, 0), text(a, 1), text(a, 2)));
    add("ST_Translate", "gdd:g", a -> Affine.translated(geometry(a, 0), number(a, 1), number(a, 2), 0));
    add("ST_Translate", "gddd:g",
        a -> Affine.translated(geometry(a, 0), number(a, 1), number(a, 2), number(a, 3)));
    add("ST_Scale", "gdd:g", a -> Affine.scaled(geometry(a, 0), number(a, 1), number(a, 2), 1));
    add("ST_Scale", "gddd:g",
        a -> Affine.scaled(geometry(a, 0), number(a, 1), number(a, 2), number(a, 3)));
    add("ST_Rotate", "gd:g", a -> Affine.rotated(geometry(a, 0), number(a, 1), 0, 0));
    add("ST_Rotate", "gddd:g",
        a -> Affine.rotated(geometry(a, 0), number(a, 1), number(a, 2), number(a, 3)));
    add("ST_Rotate", "gdg:g", a -> Affine.rotated(geometry(a, 0), number(a, 1), (Point) a[2]));
    add("ST_Affine", "gdddddd:g", a -> Affine.flat(numbers(a)).of(geometry(a, 0)));
    add("ST_Affine", "gdddddddddddd:g", a -> Affine.solid(numbers(a)).of(geometry(a, 0)));
  }

  private Functions() {}

  private static String add(String name, String signature, Rule.Body body) {
    Rule rule = Rule.of(name, signature, body);
    RULES.put(key(rule), rule);
    return key(rule);
  }

  /** What a plan carries in place of the rule itself. */
  static String key(Rule rule) {
    StringBuilder key = new StringBuilder(rule.name()).append('/');
    for (Kind kind : rule.arguments()) {
      key.append(kind.letter);
    }
    return key.toString();
  }

  static Rule byKey(String key) {
    return RULES.get(key);
  }

  static Map<String, List<Rule>> rulesByName() {
    Map<String, List<Rule>> byName = new TreeMap<>();
    RULES.values().forEach(
        rule -> byName.computeIfAbsent(rule.name(), name -> new ArrayList<>()).add(rule));
    return byName;
  }

  /** Throws what Scala's signatures do not declare. */
  @SuppressWarnings("unchecked")
  static <R, T extends Throwable> R raise(Throwable thrown) throws T {
    throw (T) thrown;
  }

  private static Geometry geometry(Object[] arguments, int index) {
    return (Geometry) arguments[index];
  }

  private static String text(Object[] arguments, int index) {
    return (String) arguments[index];
  }

  private static double number(Object[] arguments, int index) {
    return (Double) arguments[index];
  }

  /** Every argument after the geometry. */
  private static double[] numbers(Object[] arguments) {
    return Arrays.stream(arguments).skip(1).mapToDouble(number -> (Double) number).toArray();
  }

  private static int srid(Object[] arguments, int index) {
    return arguments.length > index ? (Integer) arguments[index] : 0;
  }
}
