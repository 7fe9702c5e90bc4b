package geoscope.render;

import com.google.common.collect.MapMaker;
import com.google.common.hash.Hasher;
import com.google.common.hash.Hashing;
import geoscope.tables.CatalogMark;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.catalog.GlobalTempViewManager;
import org.apache.spark.sql.catalyst.catalog.SessionCatalog;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.internal.SessionState;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/** Everything of a session that decides what SQL means, the files under tables excepted. */
public final class SessionMark {
  /** Numbers of views and functions, which are replaced and never changed; compared by identity. */
  private static final ConcurrentMap<Object, Long> NUMBERS = new MapMaker().weakKeys().makeMap();

  private static final AtomicLong LAST = new AtomicLong();

  private SessionMark() {}

  /** The same text as before: the same SQL has the same plan. Empty where that is not known. */
  public static String of(org.apache.spark.sql.SparkSession given) {
    SparkSession session = (SparkSession) given;
    SessionState state = session.sessionState();
    if (!state.catalogManager().tempVariableManager().isEmpty()) {
      return "";
    }
    Hasher hasher = Hashing.murmur3_128().newHasher();
    put(hasher, session.sessionUUID());
    put(hasher, state.conf().getAllConfs().toString());
    put(hasher, state.catalogManager().currentCatalog().name());
    put(hasher, state.catalog().getCurrentDatabase());
    hasher.putLong(CatalogMark.of(session.sharedState().externalCatalog()));
    views(hasher, state.catalog());
    globalViews(hasher, session.sharedState().globalTempViewManager());
    functions(hasher, state.functionRegistry());
    return hasher.hash().toString();
  }

  private static void views(Hasher hasher, SessionCatalog catalog) {
    for (TableIdentifier view : CollectionConverters.asJava(catalog.listLocalTempViews("*"))) {
      put(hasher, view.table());
      hasher.putLong(number(catalog.getRawTempView(view.table())));
    }
  }

  private static void globalViews(Hasher hasher, GlobalTempViewManager manager) {
    for (String view : CollectionConverters.asJava(manager.listViewNames("*"))) {
      put(hasher, view);
      hasher.putLong(number(manager.get(view)));
    }
  }

  /** In no order, as the registry lists them. */
  private static void functions(Hasher hasher, FunctionRegistry registry) {
    long sum = 0;
    for (FunctionIdentifier name : CollectionConverters.asJava(registry.listFunction())) {
      sum += Hashing.murmur3_128()
          .hashLong(31L * name.hashCode() + number(registry.lookupFunctionBuilder(name)))
          .asLong();
    }
    hasher.putLong(sum);
  }

  private static long number(Option<?> found) {
    return found.isEmpty()
        ? 0
        : NUMBERS.computeIfAbsent(found.get(), thing -> LAST.incrementAndGet());
  }

  private static void put(Hasher hasher, String text) {
    hasher.putString(text, StandardCharsets.UTF_8).putChar('\0');
  }
}
