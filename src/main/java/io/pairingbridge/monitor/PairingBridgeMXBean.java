package io.pairingbridge.monitor;

import java.util.List;

/** What an operator sees of the bridge in JMX, under {@value #NAME}; Camel's own MBeans stand beside it. */
public interface PairingBridgeMXBean {
  String NAME = "io.pairingbridge:type=PairingBridge";

  /** All batches that the journal still knows, the latest first, with the figures of each. */
  List<BatchFigures> getBatches();
}
