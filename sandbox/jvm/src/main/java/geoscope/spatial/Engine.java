package geoscope.spatial;

import java.util.ArrayList;
import java.util.List;
import org.apache.sedona.sql.RasterRegistrator;
import org.apache.sedona.sql.UDT.UdtRegistrator$;
import org.apache.spark.sql.ExperimentalMethods;
import org.apache.spark.sql.RuntimeConfig;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.execution.SparkStrategy;
import org.apache.spark.sql.parser.ParserFactory;
import org.apache.spark.sql.sedona_sql.UDT.RasterUdtRegistratorWrapper;
import org.apache.spark.sql.sedona_sql.optimization.ExtractPhysicalFunctions$;
import org.apache.spark.sql.sedona_sql.optimization.SpatialFilterPushDownForGeoParquet;
import org.apache.spark.sql.sedona_sql.optimization.SpatialTemporalFilterPushDownForStacScan;
import org.apache.spark.sql.sedona_sql.strategy.join.JoinQueryDetector;
import org.apache.spark.sql.sedona_sql.strategy.physical.function.EvalPhysicalFunctionStrategy;
import scala.Function1;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Gives sessions what Sedona's own extension ({@code SedonaSqlExtensions}, 1.8.0) gives them, but
 * its aggregates only when they are first used: a raster's starts Java's imaging library, the
 * others' start Scala's reflection; each takes half a second of every scope's start.
 * {@code test_spatial_engine} holds the two equal.
 * One rule is ours: {@link InsertGeometries}.
 */
public final class Engine extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {

  static final String RASTER_AGGREGATE = "RS_Union_Aggr";
  static final String[] AGGREGATES = {"ST_Envelope_Aggr", "ST_Intersection_Aggr", "ST_Union_Aggr"};
  private static final String RASTER = "org.geotools.coverage.grid.GridCoverage2D";
  private static final String PARSER = "org.apache.sedona.sql.parser.SedonaSqlParser";
  private static final String PYTHON_STRATEGY = "org.apache.spark.sql.udf.SedonaArrowStrategy";
  private static final String PYTHON_RULE = "org.apache.spark.sql.udf.ExtractSedonaUDFRule";
  private static final String NESTED_FILTERS =
      "spark.sql.optimizer.nestedPredicatePushdown.supportedFileSources";
  private static final String GEOPARQUET = "geoparquet";

  @Override
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    extensions.injectCheckRule(session -> {
      begin(session);
      return plan -> BoxedUnit.UNIT;
    });
    extensions.injectResolutionRule(session -> new InsertGeometries());
    extensions.injectParser((session, parser) -> ParserFactory.getParser(PARSER, parser));
    return BoxedUnit.UNIT;
  }

  private static void begin(SparkSession session) {
    plan((org.apache.spark.sql.classic.SparkSession) session);
    UdtRegistrator$.MODULE$.registerAll();
    RasterUdtRegistratorWrapper.registerAll(RASTER);
    new EngineFunctions().registerAll(session);
    FunctionRegistry registry = ((org.apache.spark.sql.classic.SparkSession) session)
        .sessionState().functionRegistry();
    late(registry, RASTER_AGGREGATE, () -> RasterRegistrator.registerAll(session));
    for (String name : AGGREGATES) {
      late(registry, name, () -> new EngineAggregate(name).registerAll(session));
    }
    pushDownGeoParquet(session.conf());
  }

  private static void plan(org.apache.spark.sql.classic.SparkSession session) {
    ExperimentalMethods methods = session.experimental();
    Seq<SparkStrategy> strategies = methods.extraStrategies();
    if (strategies.exists(strategy -> strategy instanceof JoinQueryDetector)) {
      return;
    }
    methods.extraStrategies_$eq(with(strategies, List.of(
        new JoinQueryDetector(session),
        (SparkStrategy) made(PYTHON_STRATEGY),
        new EvalPhysicalFunctionStrategy(session))));
    @SuppressWarnings("unchecked")
    Rule<LogicalPlan> python = (Rule<LogicalPlan>) made(PYTHON_RULE);
    methods.extraOptimizations_$eq(with(methods.extraOptimizations(), List.of(
        python,
        ExtractPhysicalFunctions$.MODULE$,
        new SpatialFilterPushDownForGeoParquet(session),
        new SpatialTemporalFilterPushDownForStacScan(session))));
  }

  private static <T> Seq<T> with(Seq<T> there, List<T> more) {
    List<T> all = new ArrayList<>(CollectionConverters.asJava(there));
    all.addAll(more);
    return CollectionConverters.asScala(all).toSeq();
  }

  private static Object made(String name) {
    try {
      return Class.forName(name).getDeclaredConstructor().newInstance();
    } catch (ReflectiveOperationException error) {
      throw new IllegalStateException("Sedona has no " + name, error);
    }
  }

  /** A function that is there by name, and is made when it is first called. */
  private static void late(FunctionRegistry registry, String name, Runnable register) {
    FunctionIdentifier identifier = new FunctionIdentifier(name);
    Function1<Seq<Expression>, Expression> first = new AbstractFunction1<>() {
      @Override
      public Expression apply(Seq<Expression> children) {
        // It takes our place in the registry.
        register.run();
        return registry.lookupFunctionBuilder(identifier).get().apply(children);
      }
    };
    registry.createOrReplaceTempFunction(name, first, "scala_udf");
  }

  private static void pushDownGeoParquet(RuntimeConfig settings) {
    String sources = settings.get(NESTED_FILTERS, "");
    if (!sources.contains(GEOPARQUET)) {
      settings.set(NESTED_FILTERS, sources.isEmpty() ? GEOPARQUET : sources + "," + GEOPARQUET);
    }
  }
}
