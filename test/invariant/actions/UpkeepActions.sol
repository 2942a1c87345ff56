// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Market} from "../../../contracts/types/Market.sol";
import {Dice, Random} from "../support/Random.sol";
import {Frame, HandlerBase} from "./HandlerBase.sol";

/// @title UpkeepActions
/// @notice Calls that anybody may make and that must change nobody's equity; and gifts, which change nothing at all.
abstract contract UpkeepActions is HandlerBase {
    using Random for Dice;

    function accrue(uint256 seed) external {
        _dice(seed);
        Frame memory frame = _capture("MarginVault.accrue");
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
        address receiver = _charter.protocolFeeReceiver();
        uint256 heldBefore = _token.balanceOf(receiver);
        Frame memory frame = _capture("MarketCharter.payProtocolFees");
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

    /// @notice Tokens sent to one of the five contracts: balances are tracked, so nothing may move.
    function donate(uint256 seed) external {
        Dice memory dice = _dice(seed);
        address receiver = [address(_vault), address(_pool), address(_book), address(_mandates), address(_charter)][
            dice.below(5)
        ];
        uint256 amountToken = dice.spread(1, 1_000_000e18 / _scale);
        if (_token.isRefused(receiver)) return;
        uint256 assets = _pool.totalAssets();
        Frame memory frame = _capture("tokens given");
        _token.mint(receiver, amountToken);
        _ghosts.addDonated(receiver, amountToken);
        if (_pool.totalAssets() != assets) _breach(11, frame.action, "a gift moved the share price", amountToken);
        _done(frame);
        _compare(frame);
    }
}
