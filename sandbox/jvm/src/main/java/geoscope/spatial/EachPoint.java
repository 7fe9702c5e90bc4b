package geoscope.spatial;

import org.locationtech.jts.geom.CoordinateSequence;
import org.locationtech.jts.geom.CoordinateSequenceFilter;

/** Changes every point of a geometry in place. */
abstract class EachPoint implements CoordinateSequenceFilter {

  abstract void change(CoordinateSequence points, int index);

  @Override
  public final void filter(CoordinateSequence points, int index) {
    change(points, index);
  }

  @Override
  public final boolean isDone() {
    return false;
  }

  @Override
  public final boolean isGeometryChanged() {
    return true;
  }
}
