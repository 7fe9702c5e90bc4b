package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.CoordinateXY;
import org.locationtech.jts.geom.CoordinateXYM;
import org.locationtech.jts.geom.CoordinateXYZM;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;

/** WKT with curve types, read as the lines and polygons they are linearised to. */
final class CurveReader {

  private static final Pattern TOKEN = Pattern.compile("\\G\\s*([A-Za-z]+|[(),]|[-+0-9.][-+0-9.eE]*)");

  private static final Pattern TYPE = Pattern.compile("([A-Z]+?)(ZM|Z|M|)");
  private static final Set<String> DIMENSIONS = Set.of("Z", "M", "ZM");

  private final List<String> tokens = new ArrayList<>();
  private final GeometryFactory make;
  private boolean measured;
  private int next;

  CurveReader(String text, GeometryFactory make) {
    this.make = make;
    Matcher matcher = TOKEN.matcher(text.stripTrailing());
    int end = 0;
    while (matcher.find()) {
      tokens.add(matcher.group(1).toUpperCase(Locale.ROOT));
      end = matcher.end();
    }
    require(end == text.stripTrailing().length());
  }

  Geometry read() {
    Geometry geometry = tagged();
    require(next == tokens.size());
    return geometry;
  }

  private Geometry tagged() {
    String type = type();
    return switch (type) {
      case "POINT" -> empty() ? make.createPoint() : make.createPoint(points().get(0));
      case "MULTIPOINT" -> make.createMultiPoint(members(this::member).toArray(Point[]::new));
      case "LINESTRING", "CIRCULARSTRING", "COMPOUNDCURVE" -> line(curve(type));
      case "POLYGON", "CURVEPOLYGON" -> polygon();
      case "MULTILINESTRING", "MULTICURVE" ->
          make.createMultiLineString(
              members(() -> line(untaggedOr("LINESTRING"))).toArray(LineString[]::new));
      case "MULTIPOLYGON", "MULTISURFACE" ->
          make.createMultiPolygon(members(this::surface).toArray(Polygon[]::new));
      case "GEOMETRYCOLLECTION" ->
          make.createGeometryCollection(members(this::tagged).toArray(Geometry[]::new));
      default -> throw new IllegalArgumentException("no geometry type " + type);
    };
  }

  private Point member() {
    return peek().equals("(") ? make.createPoint(points().get(0)) : make.createPoint(point());
  }

  private Polygon surface() {
    if (!peek().equals("(")) {
      String type = type();
      require(type.equals("POLYGON") || type.equals("CURVEPOLYGON"));
    }
    return polygon();
  }

  private Polygon polygon() {
    List<LinearRing> rings = members(
        () -> make.createLinearRing(untaggedOr("LINESTRING").toArray(Coordinate[]::new)));
    return rings.isEmpty()
        ? make.createPolygon()
        : make.createPolygon(rings.get(0), rings.subList(1, rings.size()).toArray(LinearRing[]::new));
  }

  private LineString line(List<Coordinate> points) {
    return make.createLineString(points.toArray(Coordinate[]::new));
  }

  private List<Coordinate> untaggedOr(String untagged) {
    return curve(peek().equals("(") || peek().equals("EMPTY") ? untagged : type());
  }

  /** The vertices of one curve of a type whose name has been taken. */
  private List<Coordinate> curve(String type) {
    return switch (type) {
      case "LINESTRING" -> points();
      case "CIRCULARSTRING" -> Arcs.linearise(points());
      case "COMPOUNDCURVE" -> joined(members(() -> untaggedOr("LINESTRING")));
      default -> throw new IllegalArgumentException("no curve type " + type);
    };
  }

  /** One line of several that each begin where the one before ends. */
  private static List<Coordinate> joined(List<List<Coordinate>> parts) {
    List<Coordinate> all = new ArrayList<>();
    for (List<Coordinate> part : parts) {
      boolean follows = all.isEmpty() || all.get(all.size() - 1).equals2D(part.get(0));
      require(follows);
      all.addAll(all.isEmpty() ? part : part.subList(1, part.size()));
    }
    return all;
  }

  private List<Coordinate> points() {
    return members(this::point);
  }

  private Coordinate point() {
    List<Double> ordinates = new ArrayList<>();
    while (!peek().equals(",") && !peek().equals(")")) {
      ordinates.add(Double.parseDouble(take()));
    }
    double[] at = ordinates.stream().mapToDouble(Double::doubleValue).toArray();
    return switch (at.length) {
      case 2 -> new CoordinateXY(at[0], at[1]);
      case 3 -> measured
          ? new CoordinateXYM(at[0], at[1], at[2])
          : new Coordinate(at[0], at[1], at[2]);
      case 4 -> new CoordinateXYZM(at[0], at[1], at[2], at[3]);
      default -> throw new IllegalArgumentException("a point of " + at.length + " ordinates");
    };
  }

  /** A type's name; Z, M or ZM behind it says what a third ordinate is. */
  private String type() {
    Matcher word = TYPE.matcher(take());
    require(word.matches());
    String dimensions = DIMENSIONS.contains(peek()) ? take() : word.group(2);
    measured |= dimensions.equals("M");
    return word.group(1);
  }

  private <T> List<T> members(Supplier<T> member) {
    List<T> members = new ArrayList<>();
    if (empty()) {
      return members;
    }
    require(take().equals("("));
    do {
      members.add(member.get());
    } while (separator());
    return members;
  }

  private boolean separator() {
    String mark = take();
    require(mark.equals(",") || mark.equals(")"));
    return mark.equals(",");
  }

  private boolean empty() {
    boolean isEmpty = peek().equals("EMPTY");
    next += isEmpty ? 1 : 0;
    return isEmpty;
  }

  private String peek() {
    require(next < tokens.size());
    return tokens.get(next);
  }

  private String take() {
    String token = peek();
    next++;
    return token;
  }

  private static void require(boolean claim) {
    if (!claim) {
      throw new IllegalArgumentException("not well-known text");
    }
  }
}
