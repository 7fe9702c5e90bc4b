package geoscope.spatial;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.sedona_sql.expressions.SerdeAware;
import org.locationtech.jts.geom.Geometry;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;

/** A predicate of any geometry and a constant polygon; where it is a point, no geometry is made. */
public final class GeometryInArea extends InArea implements CodegenFallback {

  /** The only child is the geometry. */
  GeometryInArea(Prepared prepared, Seq<Expression> children) {
    super(prepared, children);
  }

  @Override
  String[] names() {
    return new String[] {"geometry"};
  }

  @Override
  public Object eval(InternalRow row) {
    if (child(0) instanceof SerdeAware aware) {
      Object value = aware.evalWithoutSerialization(row);
      return value == null ? null : (Object) prepared.test((Geometry) value);
    }
    Object value = child(0).eval(row);
    return value == null ? null : (Object) prepared.test((byte[]) value);
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    return CodegenFallback.super.doGenCode(context, code);
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> fresh) {
    return new GeometryInArea(prepared, fresh.toSeq());
  }
}
