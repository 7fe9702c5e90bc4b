package geoscope.spatial;

import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.CoordinateXY;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.LineString;
import org.locationtech.jts.geom.LinearRing;
import org.locationtech.jts.geom.Point;
import org.locationtech.jts.geom.Polygon;
import org.locationtech.jts.geom.PrecisionModel;

/** GeoJSON in, also single-quoted and with keys and type names in any case. */
final class GeoJson {

  /** RFC 7946: coordinates are WGS 84. */
  private static final int SRID = 4326;

  private static final GeometryFactory MAKE = new GeometryFactory(new PrecisionModel(), SRID);
  private static final JsonMapper READER = JsonMapper.builder()
      .enable(JsonReadFeature.ALLOW_SINGLE_QUOTES)
      .build();

  private static final Map<String, Function<JsonNode, Geometry>> TYPES = Map.of(
      "point", GeoJson::point,
      "linestring", GeoJson::line,
      "polygon", GeoJson::polygon,
      "multipoint", node -> MAKE.createMultiPoint(each(node, GeoJson::point).toArray(Point[]::new)),
      "multilinestring",
      node -> MAKE.createMultiLineString(each(node, GeoJson::line).toArray(LineString[]::new)),
      "multipolygon",
      node -> MAKE.createMultiPolygon(each(node, GeoJson::polygon).toArray(Polygon[]::new)));

  private GeoJson() {}

  static Geometry read(String text) throws Exception {
    return geometry(READER.readTree(text));
  }

  private static Geometry geometry(JsonNode node) {
    String type = member(node, "type").asText().toLowerCase(Locale.ROOT);
    if (type.equals("feature")) {
      return geometry(member(node, "geometry"));
    }
    if (type.equals("geometrycollection")) {
      return MAKE.createGeometryCollection(
          each(member(node, "geometries"), GeoJson::geometry).toArray(Geometry[]::new));
    }
    return TYPES.get(type).apply(member(node, "coordinates"));
  }

  private static JsonNode member(JsonNode node, String name) {
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      if (entry.getKey().equalsIgnoreCase(name)) {
        return entry.getValue();
      }
    }
    throw new IllegalArgumentException("no member " + name);
  }

  private static Point point(JsonNode node) {
    return node.isEmpty() ? MAKE.createPoint() : MAKE.createPoint(coordinate(node));
  }

  private static LineString line(JsonNode node) {
    return MAKE.createLineString(coordinates(node));
  }

  private static Polygon polygon(JsonNode node) {
    if (node.isEmpty()) {
      return MAKE.createPolygon();
    }
    List<LinearRing> rings = each(node, ring -> MAKE.createLinearRing(coordinates(ring)));
    return MAKE.createPolygon(
        rings.get(0), rings.subList(1, rings.size()).toArray(LinearRing[]::new));
  }

  private static Coordinate[] coordinates(JsonNode node) {
    return each(node, GeoJson::coordinate).toArray(Coordinate[]::new);
  }

  private static Coordinate coordinate(JsonNode node) {
    double x = ordinate(node, 0);
    double y = ordinate(node, 1);
    return node.size() > 2 ? new Coordinate(x, y, ordinate(node, 2)) : new CoordinateXY(x, y);
  }

  private static double ordinate(JsonNode node, int index) {
    JsonNode number = node.get(index);
    if (number == null || !number.isNumber()) {
      throw new IllegalArgumentException("a coordinate is no number");
    }
    return number.doubleValue();
  }

  private static <T> List<T> each(JsonNode array, Function<JsonNode, T> make) {
    List<T> made = new ArrayList<>();
    for (JsonNode node : array) {
      made.add(make.apply(node));
    }
    return made;
  }
}
