// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {BatchKind} from "../../../contracts/interfaces/ITrade.sol";
import {Market} from "../../../contracts/types/Market.sol";
import {TermsWords} from "../../../contracts/types/Terms.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @title UpkeepActions
/// @notice Calls that anybody may make and that must change nobody's equity; and gifts, which change nothing at all.
abstract contract UpkeepActions is HandlerBase {
    using Random for Dice;

    function accrue(uint256 seed) external {
        _dice(seed);
        Frame memory frame = _capture("accrue");
        _vault.accrue();
        Market memory market = _vault.market();
        if (market.accruedAt != _time) _breach(9, frame.action, "not accrued to now", market.accruedAt);
        _done(frame);
        _compare(frame);
    }

    function sweepDues(uint256 seed) external {
        _dice(seed);
        _sweep();
    }

    function payProtocolFees(uint256 seed) external {
        _dice(seed);
        address receiver = _protocolFeeReceiver;
        uint256 heldBefore = _token.balanceOf(receiver);
        Frame memory frame = _capture("payProtocolFees");
        try _charter.payProtocolFees() returns (uint256 paid) {
            if (paid != frame.market.protocolDue / _scale || _token.balanceOf(receiver) - heldBefore != paid) {
                _breach(3, frame.action, "not what was due", paid);
            }
            _done(frame);
        } catch (bytes memory reason) {
            _refused(frame.action, reason);
        }
        _compare(frame);
    }

    /// @notice Tokens sent to one of the three contracts: balances are tracked, so nothing may move.
    function donate(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address receiver = [address(_vault), address(_pool), address(_book)][dice.below(3)];
        uint256 amountToken = dice.spread(1, 1_000_000e18 / _scale);
        if (_token.isRefused(receiver)) return;
        uint256 assets = _pool.totalAssets();
        Frame memory frame = _capture("donate");
        _token.mint(receiver, amountToken);
        _ghosts.addDonated(receiver, amountToken);
        if (_pool.totalAssets() != assets) _breach(11, frame.action, "a gift moved the share price", amountToken);
        _done(frame);
        _compare(frame);
    }

    /// @notice Everything that only a sister contract or an owner may do, tried by a stranger.
    function trespass(uint256 seed) external {
        Dice memory dice = _dice(seed);
        Frame memory frame = _capture("trespass");
        (address target, bytes memory call_) = _trespass(dice);
        uint256 heldBefore = _wealthOf(STRANGER);
        vm.prank(STRANGER);
        (bool success, ) = target.call(call_);
        if (success) _breach(3, frame.action, "a stranger was let in", uint32(bytes4(call_)));
        if (_wealthOf(STRANGER) != heldBefore) _breach(3, frame.action, "a stranger was paid", uint32(bytes4(call_)));
        _done(frame);
        _compare(frame);
    }

    function _trespass(Dice memory dice) private view returns (address target, bytes memory call_) {
        address vault = address(_vault);
        uint256 choice = dice.below(19);
        uint256 positionId = _openIds.length == 0 ? 1 : _openIds[dice.below(_openIds.length)];
        if (choice == 0) return (vault, abi.encodeCall(_vault.escrow, (STRANGER, 0, positionId)));
        if (choice == 1) return (vault, abi.encodeCall(_vault.publishTerms, (TermsWords(1, 1))));
        if (choice == 2) return (vault, abi.encodeCall(_vault.release, (STRANGER, 1e18, 0, 0, false)));
        if (choice == 3) return (vault, abi.encodeCall(_vault.beginBatch, ("", BatchKind.Spot)));
        if (choice == 4) return (vault, abi.encodeCall(_vault.endBatch, (STRANGER, 1e18)));
        if (choice == 5) return (vault, abi.encodeCall(_vault.lock, ()));
        if (choice == 6) return (vault, abi.encodeCall(_vault.unlock, ()));
        if (choice == 7) return (vault, abi.encodeCall(_vault.beginFulfilment, ("", 60)));
        if (choice == 8) return (vault, abi.encodeCall(_vault.endFulfilment, (1, 1)));
        if (choice == 9) return (vault, abi.encodeCall(_vault.removeMargin, (positionId, 1, STRANGER, "")));
        if (choice == 10) return (vault, abi.encodeCall(_vault.claim, (STRANGER)));
        if (choice == 11) return (address(_pool), abi.encodeCall(_pool.lockReserve, (1e18)));
        if (choice == 12) return (address(_pool), abi.encodeCall(_pool.releaseReserve, (1e18, 1e18, STRANGER)));
        if (choice == 13) return (vault, abi.encodeCall(_vault.setLimits, (1, 1)));
        if (choice == 14) return (vault, abi.encodeCall(_vault.settleMarket, ()));
        if (choice == 15) return (vault, abi.encodeCall(_vault.setMandated, (positionId, true)));
        if (choice == 16) return (vault, abi.encodeCall(_vault.assignPosition, (positionId, STRANGER)));
        if (choice == 17) return (vault, abi.encodeCall(_vault.releaseProtocolFees, (STRANGER)));
        return (address(_pool), abi.encodeCall(_pool.receiveDues, (1e18)));
    }
}
