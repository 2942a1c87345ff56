// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {PoolRequest} from "../../../contracts/interfaces/ILiquidityVault.sol";
import {Dice, Random} from "../support/Random.sol";
import {vm} from "../support/Vm.sol";
import {Frame} from "./HandlerBase.sol";
import {MarginActions, Spot} from "./MarginActions.sol";

/// @title FulfilmentActions
/// @notice Keepers fulfil requests, and no other provider's share becomes worth less (LAW-11).
abstract contract FulfilmentActions is MarginActions {
    using Random for Dice;

    /// @dev Virtual shares of the pool's ERC-4626, of the offset of 6 in DESIGN.md §9.
    uint256 private constant _VIRTUAL_SHARES = 1e6;

    function fulfillDeposits(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (uint256 first, ) = _pool.depositQueue();
        if (first == 0) return;
        _await(dice, _pool.depositRequest(first));
        _fulfill("LiquidityVault.fulfillDeposits", dice, true);
    }

    function fulfillRedeems(uint256 seed) external {
        Dice memory dice = _dice(seed);
        (uint256 first, ) = _pool.redeemQueue();
        if (first == 0) return;
        _await(dice, _pool.redeemRequest(first));
        _fulfill("LiquidityVault.fulfillRedeems", dice, false);
    }

    function _await(Dice memory dice, PoolRequest memory request) private {
        uint256 dueAt = request.requestedAt + 300;
        if (dice.chance(80) && _time < dueAt) _advance(dueAt - _time);
        if (dice.chance(30)) _pushPrice(_priceNow());
    }

    function _fulfill(string memory action, Dice memory dice, bool deposits) private {
        // What is due to the pool is handed over by a fulfilment first. Done before, so that it is not taken for an
        // effect of the requests.
        _sweep();
        Spot memory spot = _pickSpot(dice);
        address keeper = _pickKeeper(dice);
        uint256 count = dice.chance(5) ? 0 : dice.between(1, 5);
        bytes memory call_ =
            deposits
                ? abi.encodeCall(_pool.fulfillDeposits, (count, spot.proof, keeper))
                : abi.encodeCall(_pool.fulfillRedeems, (count, spot.proof, keeper));
        uint256 wealthBefore = _wealthOf(keeper);
        uint256 assets = _pool.totalAssets();
        uint256 supply = _pool.totalSupply();

        Frame memory frame = _capture(action);
        vm.prank(keeper);
        (bool success, bytes memory result) = address(_pool).call(call_);
        if (success) {
            uint256 feeToken;
            (count, feeToken) = abi.decode(result, (uint256, uint256));
            if (_wealthOf(keeper) - wealthBefore != feeToken) _breach(3, action, "the keeper's fee", feeToken);
            // The share price is comparable only where the pool priced itself at the newest round, too.
            if (spot.price == _priceNow() || _vault.isSettled()) _checkSharePrice(action, assets, supply, count);
            _checkTimes(frame, spot);
            _done(frame);
        } else {
            _refused(action, result);
        }
        _compare(frame, new uint256[](0), 0, true);
    }

    /// @dev (A + 1) ÷ (S + 1e6) never falls, and rises by the rounding of each request alone.
    function _checkSharePrice(string memory action, uint256 assets, uint256 supply, uint256 count) private {
        uint256 assetsAfter = _pool.totalAssets() + 1;
        uint256 sharesAfter = _pool.totalSupply() + _VIRTUAL_SHARES;
        uint256 sharesBefore = supply + _VIRTUAL_SHARES;
        uint256 left = assetsAfter * sharesBefore;
        uint256 right = (assets + 1) * sharesAfter;
        if (left < right) _breach(11, action, "the others' shares lost", (right - left) / sharesBefore);
        // One unit of the token for each request, and one share's worth where shares are dearer than that: at the price
        // of before, for a partial redemption takes a share too many out of what there was.
        uint256 slack = count * (sharesBefore + (assets > assetsAfter ? assets + 1 : assetsAfter));
        if (left > right + slack) _breach(11, action, "the others' shares won", (left - right) / sharesBefore);
    }

    function _checkTimes(Frame memory frame, Spot memory spot) private {
        // A settled market fulfils at cash, without a price.
        if (_vault.isSettled()) return;
        if (spot.observedAt < frame.market.clock) _breach(16, frame.action, "an older price was used", spot.observedAt);
        uint64 upSince = _oracle.upSince();
        if (upSince != 0 && _time < upSince + 3600 + 60) _breach(11, frame.action, "within the settle grace", _time);
    }
}
