package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import org.locationtech.jts.geom.Coordinate;

/** Circular arcs as lines: 32 segments per quarter circle, control points kept. */
final class Arcs {

  private static final double STEP = Math.PI / 2 / 32;
  private static final double ROUNDING = 1e-8;

  private Arcs() {}

  /** Arcs through every three points (start, any, end), each beginning where the last ended. */
  static List<Coordinate> linearise(List<Coordinate> control) {
    if (control.isEmpty()) {
      return control;
    }
    if (control.size() < 3 || control.size() % 2 == 0) {
      throw new IllegalArgumentException("an arc needs three points, each further one two");
    }
    List<Coordinate> line = new ArrayList<>();
    line.add(control.get(0));
    for (int i = 0; i + 2 < control.size(); i += 2) {
      arc(line, control.get(i), control.get(i + 1), control.get(i + 2));
    }
    return line;
  }

  private static void arc(List<Coordinate> line, Coordinate start, Coordinate on, Coordinate end) {
    double[] centre = centre(start, on, end);
    if (centre == null) {
      line.add(on);
      line.add(end);
      return;
    }
    double from = angle(centre, start);
    double turn = turn(from, angle(centre, on), angle(centre, end), start.equals2D(end));
    double through = sweep(from, angle(centre, on), turn);
    walk(line, centre, from, through, on);
    double rest = sweep(angle(centre, on), start.equals2D(end) ? from : angle(centre, end), turn);
    walk(line, centre, from + through, rest, end);
  }

  private static void walk(
      List<Coordinate> line, double[] centre, double from, double sweep, Coordinate last) {
    Coordinate first = line.get(line.size() - 1);
    int steps = (int) Math.ceil(Math.abs(sweep) / STEP - ROUNDING);
    for (int i = 1; i < steps; i++) {
      double at = from + Math.signum(sweep) * i * STEP;
      Coordinate point = between(first, last, i * STEP / Math.abs(sweep));
      point.x = centre[0] + centre[2] * Math.cos(at);
      point.y = centre[1] + centre[2] * Math.sin(at);
      line.add(point);
    }
    line.add(last);
  }

  /** A point of the same kind as both; height and measure go evenly from the one to the other. */
  private static Coordinate between(Coordinate first, Coordinate last, double part) {
    Coordinate point = first.copy();
    if (!Double.isNaN(first.getZ())) {
      point.setZ(first.getZ() + part * (last.getZ() - first.getZ()));
    }
    if (!Double.isNaN(first.getM())) {
      point.setM(first.getM() + part * (last.getM() - first.getM()));
    }
    return point;
  }

  /** Centre and radius; null where the three lie on a line. */
  private static double[] centre(Coordinate a, Coordinate b, Coordinate c) {
    if (a.equals2D(c)) {
      double radius = a.distance(b) / 2;
      return new double[] {(a.x + b.x) / 2, (a.y + b.y) / 2, radius};
    }
    double bx = b.x - a.x;
    double by = b.y - a.y;
    double cx = c.x - a.x;
    double cy = c.y - a.y;
    double twice = 2 * (bx * cy - by * cx);
    if (Math.abs(twice) < ROUNDING * ROUNDING) {
      return null;
    }
    double b2 = bx * bx + by * by;
    double c2 = cx * cx + cy * cy;
    double ux = (cy * b2 - by * c2) / twice;
    double uy = (bx * c2 - cx * b2) / twice;
    return new double[] {a.x + ux, a.y + uy, Math.hypot(ux, uy)};
  }

  private static double angle(double[] centre, Coordinate point) {
    return Math.atan2(point.y - centre[1], point.x - centre[0]);
  }

  /** 1 counterclockwise, -1 clockwise; a full circle goes counterclockwise. */
  private static double turn(double from, double on, double to, boolean full) {
    return full || sweep(from, on, 1) < sweep(from, to, 1) ? 1 : -1;
  }

  private static double sweep(double from, double to, double turn) {
    double angle = (to - from) * turn;
    double positive = angle - 2 * Math.PI * Math.floor(angle / (2 * Math.PI));
    return positive * turn;
  }
}
