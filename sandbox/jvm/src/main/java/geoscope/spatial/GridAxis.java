package geoscope.spatial;

/** One axis of a grid: a range in equal cells, and which cell a coordinate falls into. */
final class GridAxis {

  /** What rounding may do to a coordinate, as a part of a cell. */
  private static final double MARGIN = 1e-6;

  private static final int ULPS = 16;

  final int cells;
  private final double least;
  private final double most;
  private final double size;
  private final double perUnit;

  private GridAxis(double least, double most, int wanted) {
    this.least = least;
    this.most = most;
    double ulp = Math.ulp(Math.max(Math.abs(least), Math.abs(most)));
    // Cells so small that rounding matters among them are no help.
    boolean fine = (most - least) / wanted * MARGIN > ULPS * ulp;
    cells = fine ? wanted : 1;
    size = (most - least) / cells;
    perUnit = fine ? cells / (most - least) : 0;
  }

  /** The axis that every {@code offset}th of two coordinates spans. */
  static GridAxis over(double[] coordinates, int offset, int wanted) {
    double least = Double.POSITIVE_INFINITY;
    double most = Double.NEGATIVE_INFINITY;
    for (int i = offset; i < coordinates.length; i += 2) {
      least = Math.min(least, coordinates[i]);
      most = Math.max(most, coordinates[i]);
    }
    return new GridAxis(least, most, wanted);
  }

  static double length(double[] coordinates, int offset) {
    GridAxis whole = over(coordinates, offset, 1);
    return whole.most - whole.least;
  }

  boolean covers(double at) {
    return at >= least && at <= most;
  }

  /** The cell of a coordinate; of one outside the range, the nearest. */
  int cell(double at) {
    int cell = (int) ((at - least) * perUnit);
    return cell < 0 ? 0 : Math.min(cell, cells - 1);
  }

  int cellBefore(double at) {
    return cell(at - size * MARGIN);
  }

  int cellAfter(double at) {
    return cell(at + size * MARGIN);
  }

  double below(int cell) {
    return least + (cell - MARGIN) * size;
  }

  double above(int cell) {
    return least + (cell + 1 + MARGIN) * size;
  }

  double middle(int cell) {
    return least + (cell + 0.5) * size;
  }
}
