package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.errors.QueryCompilationErrors;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.internal.SessionState;
import org.apache.spark.sql.types.StringType;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Seq;
import scala.collection.mutable.ArrayBuffer;

/** Puts our functions into a session's registry, over what Sedona put there. */
public final class Registrar {

  private Registrar() {}

  /** Register every function of {@link Functions} on this session. */
  public static void register(SparkSession session) {
    SessionState state = ((org.apache.spark.sql.classic.SparkSession) session).sessionState();
    // Sedona's session extension registers its functions when the analyzer is made: not after us.
    state.analyzer();
    FunctionRegistry registry = state.functionRegistry();
    Functions.rulesByName().forEach((name, rules) -> put(registry, name, previous -> children -> {
      for (Rule rule : rules) {
        if (fits(rule, children)) {
          return call(rule, children);
        }
      }
      return otherwise(name, rules, previous, children);
    }));
    Functions.ENGINE.forEach((name, geometries) -> put(registry, name, previous -> children ->
        previous.apply(castWkt(children, geometries))));
    Functions.AGGREGATES.forEach((name, how) -> {
      registry.dropFunction(new FunctionIdentifier(name));
      session.udf().register(
          name, functions.udaf(new PileAggregator(how), PileAggregator.GEOMETRY));
    });
    prepare((org.apache.spark.sql.classic.SparkSession) session);
  }

  /** The rule goes last: Sedona's own rules look for its predicates. */
  private static void prepare(org.apache.spark.sql.classic.SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    Seq<org.apache.spark.sql.catalyst.rules.Rule<LogicalPlan>> rules = methods.extraOptimizations();
    if (!rules.exists(rule -> rule instanceof PreparePredicates)) {
      methods.extraOptimizations_$eq(rules.appended(new PreparePredicates()).toSeq());
    }
  }

  private interface Builder extends Function1<Seq<Expression>, Expression> {}

  private interface Over {
    Builder apply(Function1<Seq<Expression>, Expression> previous);
  }

  private static void put(FunctionRegistry registry, String name, Over over) {
    FunctionIdentifier identifier = new FunctionIdentifier(name);
    Option<Function1<Seq<Expression>, Expression>> previous =
        registry.lookupFunctionBuilder(identifier);
    registry.dropFunction(identifier);
    Builder builder = over.apply(previous.isEmpty() ? null : previous.get());
    registry.createOrReplaceTempFunction(name, builder, "built-in");
  }

  private static boolean fits(Rule rule, Seq<Expression> children) {
    if (!rule.takes(children.size())) {
      return false;
    }
    for (int i = 0; i < children.size(); i++) {
      if (!rule.arguments()[i].accepts(children.apply(i).dataType())) {
        return false;
      }
    }
    return true;
  }

  private static Expression call(Rule rule, Seq<Expression> children) {
    return new Call(Functions.key(rule), castWkt(children, letters(rule)));
  }

  private static String letters(Rule rule) {
    StringBuilder letters = new StringBuilder();
    for (Kind kind : rule.arguments()) {
      letters.append(kind.letter);
    }
    return letters.toString();
  }

  /** What no rule of ours takes is the engine's own form; without one, say what is wrong. */
  private static Expression otherwise(
      String name,
      List<Rule> rules,
      Function1<Seq<Expression>, Expression> previous,
      Seq<Expression> children) {
    if (previous != null) {
      return previous.apply(castWkt(children, letters(rules.get(0))));
    }
    for (Rule rule : rules) {
      if (rule.takes(children.size())) {
        return new Call(Functions.key(rule), children);
      }
    }
    List<Object> counts = new ArrayList<>();
    rules.forEach(rule -> counts.add(rule.arguments().length));
    return Functions.raise(
        QueryCompilationErrors.wrongNumArgsError(
            name,
            scala.jdk.javaapi.CollectionConverters.asScala(counts).toSeq(),
            children.size(),
            QueryCompilationErrors.wrongNumArgsError$default$4(),
            QueryCompilationErrors.wrongNumArgsError$default$5(),
            QueryCompilationErrors.wrongNumArgsError$default$6()));
  }

  /** Text in a place where {@code letters} has a geometry is read as WKT. */
  private static Seq<Expression> castWkt(Seq<Expression> children, String letters) {
    ArrayBuffer<Expression> cast = new ArrayBuffer<>();
    for (int i = 0; i < children.size(); i++) {
      Expression child = children.apply(i);
      boolean geometry = i < letters.length() && letters.charAt(i) == Kind.GEOMETRY.letter;
      cast.addOne(geometry && child.dataType() instanceof StringType ? fromText(child) : child);
    }
    return cast.toSeq();
  }

  private static Expression fromText(Expression text) {
    ArrayBuffer<Expression> only = new ArrayBuffer<>();
    only.addOne(text);
    return new Call(Functions.FROM_TEXT, only.toSeq());
  }
}
