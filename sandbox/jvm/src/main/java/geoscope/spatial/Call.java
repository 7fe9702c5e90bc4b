package geoscope.spatial;

import java.util.Objects;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.analysis.TypeCheckResult;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ImplicitCastInputTypes;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenContext;
import org.apache.spark.sql.catalyst.expressions.codegen.CodegenFallback;
import org.apache.spark.sql.catalyst.expressions.codegen.ExprCode;
import org.apache.spark.sql.sedona_sql.expressions.SerdeAware;
import org.apache.spark.sql.types.AbstractDataType;
import org.apache.spark.sql.types.DataType;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Seq;
import scala.collection.mutable.ArrayBuffer;

/** A call of one of our functions in a Spark plan; the rule is found again by its key. */
public final class Call extends Expression
    implements ImplicitCastInputTypes, CodegenFallback, SerdeAware, java.io.Serializable {

  private final String key;
  private final Seq<Expression> children;
  private transient Rule rule;

  /** Spark copies expressions through this constructor: its parameters are the product's elements. */
  public Call(String key, Seq<Expression> children) {
    this.key = key;
    this.children = children;
  }

  private Rule rule() {
    if (rule == null) {
      rule = Functions.byKey(key);
    }
    return rule;
  }

  @Override
  public Object evalWithoutSerialization(InternalRow row) {
    Rule found = rule();
    Object[] arguments = new Object[children.size()];
    for (int i = 0; i < arguments.length; i++) {
      arguments[i] = found.arguments()[i].read(children.apply(i), row);
      if (arguments[i] == null) {
        return null;
      }
    }
    try {
      return found.body().apply(arguments);
    } catch (Refusal refusal) {
      throw refusal.toSpark();
    } catch (Exception thrown) {
      Failures.count(found.name());
      return null;
    }
  }

  @Override
  public Object eval(InternalRow row) {
    Object value = evalWithoutSerialization(row);
    return value == null ? null : rule().result().toSpark(value);
  }

  @Override
  public Seq<AbstractDataType> inputTypes() {
    ArrayBuffer<AbstractDataType> types = new ArrayBuffer<>();
    for (int i = 0; i < children.size(); i++) {
      types.addOne(rule().arguments()[i].type);
    }
    return types.toSeq();
  }

  @Override
  public TypeCheckResult checkInputDataTypes() {
    return ImplicitCastInputTypes.super.checkInputDataTypes();
  }

  @Override
  public boolean nullable() {
    return true;
  }

  @Override
  public boolean nullIntolerant() {
    return true;
  }

  @Override
  public boolean foldable() {
    return children.forall(Expression::foldable);
  }

  @Override
  public DataType dataType() {
    return rule().result().type;
  }

  @Override
  public String prettyName() {
    return rule().name().toLowerCase(java.util.Locale.ROOT);
  }

  @Override
  public ExprCode doGenCode(CodegenContext context, ExprCode code) {
    return CodegenFallback.super.doGenCode(context, code);
  }

  @Override
  public Seq<Expression> children() {
    return children;
  }

  @Override
  public Expression withNewChildrenInternal(IndexedSeq<Expression> fresh) {
    return new Call(key, fresh.toSeq());
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof Call;
  }

  @Override
  public int productArity() {
    return 2;
  }

  @Override
  public Object productElement(int index) {
    return index == 0 ? key : children;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Call call && key.equals(call.key) && children.equals(call.children);
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, children);
  }
}
