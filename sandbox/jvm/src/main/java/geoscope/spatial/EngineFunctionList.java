package geoscope.spatial;

import java.lang.invoke.SerializedLambda;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.sedona.sql.UDF.Catalog$;
import org.apache.sedona.sql.UDT.UdtRegistrator$;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import scala.Function1;
import scala.Tuple3;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Writes the list that {@link EngineFunctions} reads: a class a line, then its default values. */
public final class EngineFunctionList {

  private EngineFunctionList() {}

  /** {@code EngineFunctionList FOLDER}: where the classes are that the list goes with. */
  public static void main(String[] arguments) throws Exception {
    UdtRegistrator$.MODULE$.registerAll();
    List<String> lines = new ArrayList<>();
    for (Tuple3<FunctionIdentifier, ExpressionInfo, Function1<Seq<Expression>, Expression>> each
        : CollectionConverters.asJava(Catalog$.MODULE$.expressions())) {
      lines.add(line(each._2().getClassName(), each._3()));
    }
    Path folder = Path.of(arguments[0], "geoscope", "spatial");
    Files.write(folder.resolve(EngineFunctions.LIST), lines);
  }

  private static String line(String name, Object builder) throws ReflectiveOperationException {
    StringBuilder line = new StringBuilder(name);
    for (Object value : CollectionConverters.asJava(defaults(builder))) {
      line.append('\t').append(EngineFunctions.written(value));
    }
    return line.toString();
  }

  /** They are nowhere but in what the builder has captured, as it would be serialized. */
  private static Seq<?> defaults(Object builder) throws ReflectiveOperationException {
    Method replaced = builder.getClass().getDeclaredMethod("writeReplace");
    replaced.setAccessible(true);
    SerializedLambda lambda = (SerializedLambda) replaced.invoke(builder);
    for (int i = 0; i < lambda.getCapturedArgCount(); i++) {
      if (lambda.getCapturedArg(i) instanceof Seq<?> values) {
        return values;
      }
    }
    throw new IllegalStateException("no default values in " + builder);
  }
}
