package geoscope.spatial;

import org.apache.spark.sql.Encoder;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.catalyst.encoders.AgnosticEncoders;
import org.apache.spark.sql.expressions.Aggregator;
import org.apache.spark.sql.sedona_sql.UDT.GeometryUDT;
import org.locationtech.jts.geom.Geometry;

/** An aggregate over a column of geometries; nulls are skipped, and of nothing it is null. */
public final class PileAggregator extends Aggregator<Geometry, Pile, Geometry> {

  static final Encoder<Geometry> GEOMETRY =
      new AgnosticEncoders.UDTEncoder<>(new GeometryUDT(), GeometryUDT.class);

  private final Pile.How how;

  PileAggregator(Pile.How how) {
    this.how = how;
  }

  @Override
  public Pile zero() {
    return new Pile(how);
  }

  @Override
  public Pile reduce(Pile pile, Geometry geometry) {
    return pile.add(geometry);
  }

  @Override
  public Pile merge(Pile one, Pile other) {
    return one.addAll(other);
  }

  @Override
  public Geometry finish(Pile pile) {
    return pile.settle();
  }

  @Override
  public Encoder<Pile> bufferEncoder() {
    return Encoders.javaSerialization(Pile.class);
  }

  @Override
  public Encoder<Geometry> outputEncoder() {
    return GEOMETRY;
  }
}
