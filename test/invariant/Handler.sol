// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {FulfilmentActions} from "./actions/FulfilmentActions.sol";
import {HandlerBase} from "./actions/HandlerBase.sol";
import {LiquidationActions} from "./actions/LiquidationActions.sol";
import {MandateActions} from "./actions/MandateActions.sol";
import {PowerActions} from "./actions/PowerActions.sol";
import {ProviderActions} from "./actions/ProviderActions.sol";
import {SettlementActions} from "./actions/SettlementActions.sol";
import {TrespassActions} from "./actions/TrespassActions.sol";
import {UpkeepActions} from "./actions/UpkeepActions.sol";
import {WindDown} from "./actions/WindDown.sol";
import {WorldActions} from "./actions/WorldActions.sol";
import {World} from "./support/Deployment.sol";
import {Ghosts} from "./support/Ghosts.sol";

/// @title Handler
/// @notice Everybody at once: plays every external function of a market with bounded inputs.
contract Handler is
    WorldActions,
    LiquidationActions,
    MandateActions,
    UpkeepActions,
    TrespassActions,
    ProviderActions,
    FulfilmentActions,
    PowerActions,
    WindDown
{
    constructor(
        World memory world,
        Ghosts ghosts,
        uint256 time,
        uint256 salt,
        bool mortal
    ) HandlerBase(world, ghosts, time, salt) SettlementActions(mortal) {}

    /// @notice The actions, those that move a market most named more than once, so that they are drawn more often.
    function selectors() external pure returns (bytes4[] memory list) {
        bytes4[30] memory trading = _trading();
        bytes4[21] memory upkeep = _upkeep();
        bytes4[20] memory rest = _rest();
        list = new bytes4[](trading.length + upkeep.length + rest.length);
        for (uint256 i; i < trading.length; ++i) list[i] = trading[i];
        for (uint256 i; i < upkeep.length; ++i) list[trading.length + i] = upkeep[i];
        for (uint256 i; i < rest.length; ++i) list[trading.length + upkeep.length + i] = rest[i];
    }

    function _trading() private pure returns (bytes4[30] memory) {
        return
            [
                this.passTime.selector,
                this.movePrice.selector,
                this.movePrice.selector,
                this.disturb.selector,
                this.disturb.selector,
                this.submitOpen.selector,
                this.submitOpen.selector,
                this.submitOpen.selector,
                this.submitOpen.selector,
                this.submitOpen.selector,
                this.submitWithExits.selector,
                this.tradeTogether.selector,
                this.tradeTogether.selector,
                this.submitIncrease.selector,
                this.submitDecrease.selector,
                this.submitDecrease.selector,
                this.submitFor.selector,
                this.cancel.selector,
                this.execute.selector,
                this.execute.selector,
                this.execute.selector,
                this.executeBatch.selector,
                this.addMargin.selector,
                this.addMarginFor.selector,
                this.removeMargin.selector,
                this.liquidate.selector,
                this.liquidate.selector,
                this.liquidateBatch.selector,
                this.settleAtCap.selector,
                this.claimFromVault.selector
            ];
    }

    function _upkeep() private pure returns (bytes4[21] memory) {
        return
            [
                this.accrue.selector,
                this.sweepDues.selector,
                this.payProtocolFees.selector,
                this.donate.selector,
                this.trespass.selector,
                this.requestDeposit.selector,
                this.requestDeposit.selector,
                this.requestRedeem.selector,
                this.cancelDeposit.selector,
                this.cancelRedeem.selector,
                this.claimShares.selector,
                this.claimShares.selector,
                this.claimAssets.selector,
                this.claimAssets.selector,
                this.claimFromPool.selector,
                this.transferShares.selector,
                this.transferSharesFrom.selector,
                this.fulfillDeposits.selector,
                this.fulfillDeposits.selector,
                this.fulfillRedeems.selector,
                this.fulfillRedeems.selector
            ];
    }

    function _rest() private pure returns (bytes4[20] memory) {
        return
            [
                this.usePower.selector,
                this.usePower.selector,
                this.usePower.selector,
                this.trespass.selector,
                this.setMandate.selector,
                this.setMandate.selector,
                this.setMandateBySignature.selector,
                this.setMandateBySignature.selector,
                this.setMandateBySignature.selector,
                this.revokeMandate.selector,
                this.rescue.selector,
                this.rescue.selector,
                this.permit.selector,
                this.transferPosition.selector,
                this.labelPosition.selector,
                this.setOperator.selector,
                this.poke.selector,
                this.declareOracleDead.selector,
                this.settle.selector,
                this.closeSettled.selector
            ];
    }
}
