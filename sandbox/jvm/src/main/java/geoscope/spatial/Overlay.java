package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryCollection;
import org.locationtech.jts.operation.union.UnaryUnionOp;

/**
 * Set operations, of collections too, whatever they mix.
 *
 * <p>JTS refuses collections; PostGIS takes them apart by dimension, works on the parts and unites
 * what comes of it.
 */
final class Overlay {

  private static final int DIMENSIONS = 3;

  private Overlay() {}

  static Geometry union(Geometry one, Geometry other) {
    return united(List.of(one, other), one);
  }

  static Geometry intersection(Geometry one, Geometry other) {
    if (!isMixed(one) && !isMixed(other)) {
      return one.intersection(other);
    }
    List<Geometry> shared = new ArrayList<>();
    for (Geometry part : parts(one)) {
      for (Geometry otherPart : parts(other)) {
        shared.add(part.intersection(otherPart));
      }
    }
    return united(shared, one);
  }

  static Geometry difference(Geometry one, Geometry other) {
    return isMixed(one) || isMixed(other)
        ? united(remainders(one, other), one)
        : one.difference(other);
  }

  static Geometry symDifference(Geometry one, Geometry other) {
    if (!isMixed(one) && !isMixed(other)) {
      return one.symDifference(other);
    }
    List<Geometry> left = remainders(one, other);
    left.addAll(remainders(other, one));
    return united(left, one);
  }

  private static List<Geometry> remainders(Geometry one, Geometry other) {
    BinaryOperator<Geometry> minus = Geometry::difference;
    List<Geometry> left = new ArrayList<>();
    for (Geometry part : parts(one)) {
      left.add(parts(other).stream().reduce(part, minus));
    }
    return left;
  }

  private static boolean isMixed(Geometry geometry) {
    return geometry.getClass() == GeometryCollection.class;
  }

  /** What there is of each dimension, each as one geometry. */
  private static List<Geometry> parts(Geometry geometry) {
    List<List<Geometry>> members = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
    collect(geometry, members);
    List<Geometry> parts = new ArrayList<>();
    for (int dimension = 0; dimension < DIMENSIONS; dimension++) {
      if (!members.get(dimension).isEmpty()) {
        parts.add(united(members.get(dimension), geometry));
      }
    }
    return parts;
  }

  private static void collect(Geometry geometry, List<List<Geometry>> members) {
    if (geometry instanceof GeometryCollection) {
      for (int i = 0; i < geometry.getNumGeometries(); i++) {
        collect(geometry.getGeometryN(i), members);
      }
    } else if (!geometry.isEmpty()) {
      members.get(geometry.getDimension()).add(geometry);
    }
  }

  private static Geometry united(List<Geometry> geometries, Geometry like) {
    return UnaryUnionOp.union(geometries, like.getFactory());
  }
}
