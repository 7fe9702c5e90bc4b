package geoscope.spatial;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiPredicate;
import org.apache.sedona.common.geometrySerde.GeometrySerializer;
import org.json4s.JInt;
import org.json4s.JString;
import org.json4s.JValue;
import org.locationtech.jts.geom.Coordinate;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.geom.Location;
import org.locationtech.jts.geom.Point;
import scala.Tuple2;
import scala.jdk.javaapi.CollectionConverters;

/** One predicate with one constant area: what generated code calls for every row. */
public final class Prepared implements Serializable {

  private static final GeometryFactory MAKE = new GeometryFactory();

  private static final int SHOWN_POINTS = 8;

  final Relation relation;
  final String wkb;
  private transient volatile Area area;

  /** The predicates of a point and an area, each with its answers inside, on the edge, outside. */
  enum Relation {
    ST_Within(Geometry::within, true, false, false),
    ST_CoveredBy(Geometry::coveredBy, true, true, false),
    ST_Contains((point, area) -> area.contains(point), true, false, false),
    ST_Covers((point, area) -> area.covers(point), true, true, false),
    ST_Intersects(Geometry::intersects, true, true, false),
    ST_Touches(Geometry::touches, false, true, false),
    ST_Disjoint(Geometry::disjoint, false, false, true);

    final BiPredicate<Geometry, Geometry> plain;
    private final boolean inside;
    private final boolean onEdge;
    private final boolean outside;

    Relation(
        BiPredicate<Geometry, Geometry> plain,
        boolean inside,
        boolean onEdge,
        boolean outside) {
      this.plain = plain;
      this.inside = inside;
      this.onEdge = onEdge;
      this.outside = outside;
    }

    boolean areaFirst() {
      return this == ST_Contains || this == ST_Covers;
    }

    boolean answer(int place) {
      return place == Location.INTERIOR ? inside : place == Location.BOUNDARY ? onEdge : outside;
    }
  }

  Prepared(Relation relation, String wkb) {
    this.relation = relation;
    this.wkb = wkb;
  }

  private Area area() {
    Area found = area;
    if (found == null) {
      found = Area.of(wkb);
      area = found;
    }
    return found;
  }

  /** Whether it holds for the point at x, y. */
  public boolean test(double x, double y) {
    if (x != x || y != y) {
      return relation.plain.test(MAKE.createPoint(new Coordinate(x, y)), area().geometry);
    }
    return relation.answer(area().locate(x, y));
  }

  /** Whether it holds for a geometry as Spark's rows carry it. */
  public boolean test(byte[] serialized) {
    if (SerializedPoint.is(serialized)) {
      return test(SerializedPoint.x(serialized), SerializedPoint.y(serialized));
    }
    return test(GeometrySerializer.deserialize(serialized));
  }

  /** Whether it holds for a geometry. */
  public boolean test(Geometry geometry) {
    if (geometry instanceof Point point && !point.isEmpty()) {
      return test(point.getX(), point.getY());
    }
    return relation.plain.test(geometry, area().geometry);
  }

  /** The call as a person would write it, a large polygon only by its size. */
  String describe(String point) {
    Geometry geometry = area().geometry;
    int points = geometry.getNumPoints();
    String shown = points <= SHOWN_POINTS
        ? "'" + WktWriter.write(geometry) + "'"
        : geometry.getGeometryType() + " of " + points + " points";
    String arguments = relation.areaFirst() ? shown + ", " + point : point + ", " + shown;
    return relation + "(" + arguments + ")";
  }

  /** What a plan's JSON tells of it, {@code children} being the names of its children in order. */
  scala.collection.immutable.List<Tuple2<String, JValue>> jsonFields(String... children) {
    List<Tuple2<String, JValue>> fields = new ArrayList<>();
    fields.add(new Tuple2<>("function", new JString(relation.name())));
    fields.add(new Tuple2<>("area", new JString(wkb)));
    for (int i = 0; i < children.length; i++) {
      fields.add(new Tuple2<>(children[i], new JInt(scala.math.BigInt.apply(i))));
    }
    return CollectionConverters.asScala(fields).toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Prepared prepared
        && relation == prepared.relation && wkb.equals(prepared.wkb);
  }

  @Override
  public int hashCode() {
    return 31 * relation.hashCode() + wkb.hashCode();
  }
}
