package io.pairingbridge.monitor;

import io.pairingbridge.journal.Batches;
import java.lang.management.ManagementFactory;
import java.util.List;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import javax.management.StandardMBean;

/** The bridge's own MBean, there for as long as this is open. */
public final class BridgeMBean implements PairingBridgeMXBean, AutoCloseable {
  private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
  private final ObjectName name;
  private final Batches batches;

  /** @throws JMException if there is one already: two bridges in one process */
  public BridgeMBean(Batches batches) throws JMException {
    this.batches = batches;
    this.name = new ObjectName(NAME);
    server.registerMBean(new StandardMBean(this, PairingBridgeMXBean.class, true), name);
  }

  @Override
  public List<BatchFigures> getBatches() {
    return batches.all().stream().map(BatchFigures::new).toList();
  }

  @Override
  public void close() throws JMException {
    server.unregisterMBean(name);
  }
}
