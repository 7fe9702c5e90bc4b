package geoscope.spatial;

import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.codegen.Block;
import org.apache.spark.sql.catalyst.expressions.codegen.CodeBlock;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.catalyst.expressions.codegen.JavaCode;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** A predicate of ST_Point(x, y) and a constant polygon: two doubles in, no geometry made. */
public final class PointInArea extends InArea {

  /** The children are x and y. */
  PointInArea(Prepared prepared, Seq<Expression> children) {
    super(prepared, children);
  }

  @Override
  String[] names() {
    return new String[] {"x", "y"};
  }

  @Override
  public Object eval(InternalRow row) {
    Object x = child(0).eval(row);
    Object y = x == null ? null : child(1).eval(row);
    return y == null ? null : (Object) prepared.test((Double) x, (Double) y);
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    String test = context.addReferenceObj("prepared", prepared, Prepared.class.getName());
    ExprCode x = child(0).genCode(context);
    ExprCode y = child(1).genCode(context);
    String text = String.join("\n",
        x.code().toString(),
        y.code().toString(),
        "boolean %1$s = %2$s || %3$s;",
        "boolean %4$s = !%1$s && %5$s.test(%6$s, %7$s);")
        .formatted(code.isNull(), x.isNull(), y.isNull(), code.value(), test, x.value(), y.value());
    return new ExprCode(block(text), code.isNull(), code.value());
  }

  private static Block block(String text) {
    Seq<String> parts = CollectionConverters.asScala(java.util.List.of(text)).toSeq();
    @SuppressWarnings("unchecked")
    Seq<JavaCode> none = (Seq<JavaCode>) (Seq<?>) Nil$.MODULE$;
    return new CodeBlock(parts, none);
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> fresh) {
    return new PointInArea(prepared, fresh.toSeq());
  }
}
