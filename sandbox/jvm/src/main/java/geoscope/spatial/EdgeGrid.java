package geoscope.spatial;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.locationtech.jts.algorithm.CGAlgorithmsDD;
import org.locationtech.jts.geom.Location;

/**
 * Closed rings as edges under a grid: where a point lies, in a time that hardly grows with them.
 *
 * <p>The answer is that of JTS's ray to the right ({@code RayCrossingCounter}), edge for edge; the
 * grid only spares edges whose part in it is known. Cells that no edge comes near are wholly inside
 * or outside. In any other cell an edge counts without a look where it lies to the right and goes
 * through the whole row; edges that end in the row are kept with the row.
 */
final class EdgeGrid {

  private static final int LEAST = 16;
  private static final int MOST_ROWS = 1024;
  private static final int MOST_COLUMNS = 8192;
  private static final int ROWS_PER_EDGE = 32;
  private static final int CELLS_PER_EDGE = 16;

  /** A cell's state: its parity, and whether edges come near it. */
  private static final byte ODD = 1;

  private static final byte MIXED = 2;

  private final double[] edges;
  private final GridAxis across;
  private final GridAxis up;
  private final byte[] states;
  private final int[] cellStarts;
  private final int[] cellEdges;
  private final int[] rowStarts;
  private final int[] rowEdges;

  /** Edges as x1, y1, x2, y2, in the direction in which JTS counts them. */
  EdgeGrid(double[] edges) {
    this.edges = edges;
    int count = edges.length / 4;
    double rise = 0;
    for (int e = 0; e < edges.length; e += 4) {
      rise += Math.abs(edges[e + 1] - edges[e + 3]);
    }
    double height = GridAxis.length(edges, 1);
    double rows = Math.min(4 * Math.sqrt(count), ROWS_PER_EDGE * count * height / rise);
    up = GridAxis.over(edges, 1, within(rows, MOST_ROWS));
    double columns = (double) CELLS_PER_EDGE * count / up.cells;
    across = GridAxis.over(edges, 0, within(columns, MOST_COLUMNS));
    states = new byte[up.cells * across.cells];
    rowStarts = new int[up.cells + 1];
    rowEdges = endingInRows();
    cellStarts = new int[states.length + 1];
    cellEdges = goingThroughCells();
    settleStates();
  }

  private static int within(double wanted, int most) {
    return (int) Math.min(Math.max(wanted, LEAST), most);
  }

  /** {@link Location} of a point; one that is not finite lies outside. */
  int locate(double x, double y) {
    if (!(across.covers(x) && up.covers(y))) {
      return Location.EXTERIOR;
    }
    int row = up.cell(y);
    int cell = row * across.cells + across.cell(x);
    byte state = states[cell];
    if ((state & MIXED) == 0) {
      return state == ODD ? Location.INTERIOR : Location.EXTERIOR;
    }
    int crossings = state & ODD;
    for (int i = cellStarts[cell]; i < cellStarts[cell + 1]; i++) {
      int side = crossing(cellEdges[i], x, y);
      if (side < 0) {
        return Location.BOUNDARY;
      }
      crossings += side;
    }
    return locateInRow(row, crossings, x, y);
  }

  private int locateInRow(int row, int crossings, double x, double y) {
    int found = crossings;
    for (int i = rowStarts[row]; i < rowStarts[row + 1] && rightmost(rowEdges[i]) >= x; i++) {
      int side = counted(rowEdges[i], x, y);
      if (side < 0) {
        return Location.BOUNDARY;
      }
      found += side;
    }
    return (found & 1) == 1 ? Location.INTERIOR : Location.EXTERIOR;
  }

  /** One edge as RayCrossingCounter counts it: 1 crossed, 0 not, -1 the point lies on it. */
  private int counted(int e, double x, double y) {
    double y1 = edges[e + 1];
    double y2 = edges[e + 3];
    if (x == edges[e + 2] && y == y2) {
      return -1;
    }
    if (y1 == y && y2 == y) {
      return x >= Math.min(edges[e], edges[e + 2]) && x <= rightmost(e) ? -1 : 0;
    }
    return y1 > y && y2 <= y || y2 > y && y1 <= y ? crossing(e, x, y) : 0;
  }

  /** The same for an edge that is known to reach from below the point to above it. */
  private int crossing(int e, double x, double y) {
    double y1 = edges[e + 1];
    double y2 = edges[e + 3];
    int turn = CGAlgorithmsDD.orientationIndex(edges[e], y1, edges[e + 2], y2, x, y);
    if (turn == 0) {
      return -1;
    }
    return turn > 0 == y1 < y2 ? 1 : 0;
  }

  private double rightmost(int e) {
    return Math.max(edges[e], edges[e + 2]);
  }

  private int firstRow(int e) {
    return up.cell(Math.min(edges[e + 1], edges[e + 3]));
  }

  private int lastRow(int e) {
    return up.cell(Math.max(edges[e + 1], edges[e + 3]));
  }

  /** Each row's edges that begin or end in it, those that reach furthest right first. */
  private int[] endingInRows() {
    int[] byReach = IntStream.range(0, edges.length / 4).map(i -> 4 * i).boxed()
        .sorted((one, other) -> Double.compare(rightmost(other), rightmost(one)))
        .mapToInt(Integer::intValue).toArray();
    for (int e : byReach) {
      rowStarts[firstRow(e) + 1]++;
      rowStarts[lastRow(e) + 1] += lastRow(e) == firstRow(e) ? 0 : 1;
    }
    Arrays.parallelPrefix(rowStarts, Integer::sum);
    int[] next = rowStarts.clone();
    int[] listed = new int[rowStarts[up.cells]];
    for (int e : byReach) {
      listed[next[firstRow(e)]++] = e;
      if (lastRow(e) != firstRow(e)) {
        listed[next[lastRow(e)]++] = e;
      }
    }
    return listed;
  }

  /** Each cell's edges that go through its row from bottom to top and come near it. */
  private int[] goingThroughCells() {
    eachSpan((e, row, from, to, through) -> {
      for (int column = from; column <= to; column++) {
        int cell = row * across.cells + column;
        states[cell] |= MIXED;
        cellStarts[cell + 1] += through ? 1 : 0;
      }
      if (through && from > 0) {
        // Counts for every cell further left; `settleStates` carries it there.
        states[row * across.cells + from - 1] ^= ODD;
      }
    });
    Arrays.parallelPrefix(cellStarts, Integer::sum);
    int[] next = cellStarts.clone();
    int[] listed = new int[cellStarts[states.length]];
    eachSpan((e, row, from, to, through) -> {
      for (int column = from; through && column <= to; column++) {
        listed[next[row * across.cells + column]++] = e;
      }
    });
    return listed;
  }

  private interface Span {
    void take(int edge, int row, int firstColumn, int lastColumn, boolean through);
  }

  /** Every edge's every row, with the columns that it may touch there. */
  private void eachSpan(Span span) {
    for (int e = 0; e < edges.length; e += 4) {
      boolean rises = edges[e + 1] <= edges[e + 3];
      int low = rises ? e : e + 2;
      int high = rises ? e + 2 : e;
      for (int row = firstRow(e); row <= lastRow(e); row++) {
        double one = xAt(low, high, row == 0 ? Double.NEGATIVE_INFINITY : up.below(row));
        double other =
            xAt(low, high, row == up.cells - 1 ? Double.POSITIVE_INFINITY : up.above(row));
        span.take(e, row, across.cellBefore(Math.min(one, other)),
            across.cellAfter(Math.max(one, other)), firstRow(e) < row && row < lastRow(e));
      }
    }
  }

  /** x of the edge at a height, or of its nearer end; a flat one's ends are below and above. */
  private double xAt(int low, int high, double y) {
    double part = (y - edges[low + 1]) / (edges[high + 1] - edges[low + 1]);
    if (part <= 0) {
      return edges[low];
    }
    return part >= 1 ? edges[high] : edges[low] + part * (edges[high] - edges[low]);
  }

  /** Parity for every cell, and for cells without edges whether they lie inside. */
  private void settleStates() {
    for (int row = 0; row < up.cells; row++) {
      int first = row * across.cells;
      for (int cell = first + across.cells - 2; cell >= first; cell--) {
        states[cell] ^= states[cell + 1] & ODD;
      }
      for (int column = 0; column < across.cells; column++) {
        settle(row, column);
      }
    }
  }

  private void settle(int row, int column) {
    int cell = row * across.cells + column;
    if ((states[cell] & MIXED) != 0) {
      return;
    }
    if (column > 0 && (states[cell - 1] & MIXED) == 0) {
      states[cell] = states[cell - 1];
      return;
    }
    int place = locateInRow(row, states[cell] & ODD, across.middle(column), up.middle(row));
    states[cell] = place == Location.INTERIOR ? ODD : 0;
  }
}
