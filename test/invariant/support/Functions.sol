// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

/// @title Functions
/// @notice Every function of the five contracts of a market that changes state. `test/invariants.test.ts` compares these
/// lists with the ABIs, a campaign with what its handler reached: so none is left out.
library Functions {
    /// @notice Those that somebody outside may call with success.
    function open() internal pure returns (string[56] memory) {
        return
            [
                "LiquidityVault.approve",
                "LiquidityVault.cancelDeposit",
                "LiquidityVault.cancelRedeem",
                "LiquidityVault.claim",
                "LiquidityVault.deposit(uint256,address)",
                "LiquidityVault.deposit(uint256,address,address)",
                "LiquidityVault.fulfillDeposits",
                "LiquidityVault.fulfillRedeems",
                "LiquidityVault.mint(uint256,address)",
                "LiquidityVault.mint(uint256,address,address)",
                "LiquidityVault.redeem",
                "LiquidityVault.requestDeposit",
                "LiquidityVault.requestRedeem",
                "LiquidityVault.setOperator",
                "LiquidityVault.transfer",
                "LiquidityVault.transferFrom",
                "LiquidityVault.withdraw",
                "MandateBook.addMarginFor",
                "MandateBook.multicall",
                "MandateBook.permit",
                "MandateBook.revokeAllMandates",
                "MandateBook.revokeMandate",
                "MandateBook.setMandate",
                "MandateBook.setMandateBySignature",
                "MarginVault.accrue",
                "MarginVault.addMargin",
                "MarginVault.claim",
                "MarginVault.liquidate",
                "MarginVault.liquidateBatch",
                "MarginVault.removeMargin",
                "MarginVault.rescue",
                "MarginVault.sweepDues",
                "MarketCharter.acceptRole",
                "MarketCharter.announceMaxOpenInterest",
                "MarketCharter.announceProtocolFeeReceiver",
                "MarketCharter.announceTerms",
                "MarketCharter.declareOracleDead",
                "MarketCharter.enact",
                "MarketCharter.offerRole",
                "MarketCharter.payProtocolFees",
                "MarketCharter.resumeIncreases",
                "MarketCharter.settle",
                "MarketCharter.stopIncreases",
                "MarketCharter.withdraw",
                "OrderBook.cancel",
                "OrderBook.closeSettled",
                "OrderBook.execute",
                "OrderBook.labelPosition",
                "OrderBook.multicall",
                "OrderBook.permit",
                "OrderBook.poke",
                "OrderBook.setOperator",
                "OrderBook.settleAtCap",
                "OrderBook.submit",
                "OrderBook.submitFor",
                "OrderBook.transferPosition"
            ];
    }

    /// @notice Those that only the contracts of the market call of one another: from outside they must refuse.
    function guarded() internal pure returns (string[21] memory) {
        return
            [
                "LiquidityVault.lockReserve",
                "LiquidityVault.receiveDues",
                "LiquidityVault.releaseReserve",
                "MandateBook.pull",
                "MandateBook.pullExactly",
                "MarginVault.assignPosition",
                "MarginVault.beginBatch",
                "MarginVault.beginFulfilment",
                "MarginVault.endBatch",
                "MarginVault.endFulfilment",
                "MarginVault.escrow",
                "MarginVault.lock",
                "MarginVault.publishTerms",
                "MarginVault.release",
                "MarginVault.releaseProtocolFees",
                "MarginVault.setLimits",
                "MarginVault.setMandated",
                "MarginVault.settleMarket",
                "MarginVault.trade",
                "MarginVault.unlock",
                "MarketCharter.initialize"
            ];
    }
}
