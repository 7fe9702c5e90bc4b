package geoscope.spatial;

import java.io.Externalizable;
import java.io.IOException;
import java.io.ObjectInput;
import java.io.ObjectOutput;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.sedona.common.geometrySerde.GeometrySerializer;
import org.locationtech.jts.geom.Geometry;
import org.locationtech.jts.geom.GeometryFactory;
import org.locationtech.jts.operation.union.UnaryUnionOp;

/** Geometries on their way into one aggregate, brought together each time there are many. */
public final class Pile implements Externalizable {

  private static final int MANY = 1024;

  private final List<Geometry> members = new ArrayList<>();
  private How how;

  /** What a pile becomes. */
  enum How implements UnaryOperator<Geometry> {
    UNION {
      @Override
      public Geometry apply(Geometry all) {
        return UnaryUnionOp.union(all);
      }
    },
    ENVELOPE {
      @Override
      public Geometry apply(Geometry all) {
        return Shapes.envelope(all);
      }
    }
  }

  /** For deserialization only. */
  public Pile() {}

  Pile(How how) {
    this.how = how;
  }

  Pile add(Geometry geometry) {
    if (geometry != null) {
      members.add(geometry);
      if (members.size() >= MANY) {
        settle();
      }
    }
    return this;
  }

  Pile addAll(Pile other) {
    other.members.forEach(this::add);
    return this;
  }

  /** The aggregate; null where nothing was added. */
  Geometry settle() {
    if (members.isEmpty()) {
      return null;
    }
    GeometryFactory make = members.get(0).getFactory();
    Geometry one = how.apply(make.createGeometryCollection(members.toArray(Geometry[]::new)));
    members.clear();
    members.add(one);
    return one;
  }

  @Override
  public void writeExternal(ObjectOutput out) throws IOException {
    Geometry one = settle();
    out.writeByte(how.ordinal());
    byte[] bytes = one == null ? new byte[0] : GeometrySerializer.serialize(one);
    out.writeInt(bytes.length);
    out.write(bytes);
  }

  @Override
  public void readExternal(ObjectInput in) throws IOException {
    how = How.values()[in.readByte()];
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    if (bytes.length > 0) {
      members.add(GeometrySerializer.deserialize(bytes));
    }
  }
}
